"""The service type ``loadbalancer``: haproxy."""

from __future__ import annotations

from servicevm_agent.service import Environment, Service

SERVICE_TYPE = "loadbalancer"


def create(service_id: str, environment: Environment) -> Service:
    """Return the load balancer `service_id`; adopts one that runs."""
    from servicevm_agent.services.haproxy.balancer import Balancer

    return Balancer(service_id, environment)
