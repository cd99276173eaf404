"""``/metrics`` for Prometheus: requests, operations, devices.

It tells numbers only, and answers without a password on loopback, where
scrapers run that know none. A request that came through a proxy (it has a
``Forwarded`` header) counts as one from elsewhere, and needs credentials.
"""

from collections.abc import Iterator

import falcon
import prometheus_client
import sqlalchemy as sa
from prometheus_client import core, registry
from sqlalchemy import orm

from servicevm import clock
from servicevm.api import auth
from servicevm.api.auth import Strategy
from servicevm.api.runtime import Runtime
from servicevm.db import api as db
from servicevm.db import models, processes
from servicevm.states import (
    OperatingStatus,
    OperationState,
    ProcessRole,
    ProvisioningStatus,
)

_METHODS = ("GET", "POST", "PATCH", "DELETE")


class Metrics:
    """The numbers of one application."""

    def __init__(self) -> None:
        self.registry = prometheus_client.CollectorRegistry()
        self._latency = prometheus_client.Histogram(
            "servicevm_api_request_seconds",
            "Time to answer a request.",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=(0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10),
        )
        self.registry.register(_Stored())

    def observe(
        self, method: str, route: str, status: int, seconds: float
    ) -> None:
        """Count one request.

        :param route: the template, not the path: labels must be few
        """
        known = method if method in _METHODS else "other"
        self._latency.labels(known, route, str(status)).observe(seconds)


class _Stored(registry.Collector):
    """Rows by state, counted when someone asks."""

    def describe(self) -> Iterator[core.Metric]:
        # So that registering does not collect: the database may not be
        # there yet.
        return iter(())

    def collect(self) -> Iterator[core.Metric]:
        with db.reader() as session:
            for name, text, column, states in (
                (
                    "servicevm_operations",
                    "Operations by state.",
                    models.Operation.state,
                    OperationState,
                ),
                (
                    "servicevm_devices",
                    "Devices by provisioning status.",
                    models.Device.provisioning_status,
                    ProvisioningStatus,
                ),
                (
                    "servicevm_devices_operating",
                    "Devices by operating status.",
                    models.Device.operating_status,
                    OperatingStatus,
                ),
                (
                    "servicevm_services",
                    "Services by provisioning status.",
                    models.Service.provisioning_status,
                    ProvisioningStatus,
                ),
            ):
                rows = session.execute(
                    sa.select(column, sa.func.count()).group_by(column)
                )
                counts = {state: count for state, count in rows}
                family = core.GaugeMetricFamily(name, text, labels=["state"])
                for state in states:
                    family.add_metric([str(state)], counts.get(str(state), 0))
                yield family
            alive = processes.count_alive(session)
            yield from _agents(session)
        family = core.GaugeMetricFamily(
            "servicevm_processes",
            "Processes heard of within 20 seconds, by role.",
            labels=["role"],
        )
        for role in ProcessRole:
            family.add_metric([str(role)], alive.get(str(role), 0))
        yield family


def _agents(session: orm.Session) -> Iterator[core.Metric]:
    """Of devices' agents; times are seconds since 1970."""
    sessions, certificates = models.AgentSession, models.AgentCertificate
    connected, heard, expiry = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.min(sessions.last_seen),
            sa.func.min(certificates.not_after),
        )
        .select_from(sessions)
        .outerjoin(certificates, certificates.serial == sessions.serial)
        .where(sessions.connected)
    ).one()
    yield core.GaugeMetricFamily(
        "servicevm_agents", "Agents that are connected.", connected
    )
    for name, text, at in (
        (
            "servicevm_agents_heard_timestamp_seconds",
            "When that connected agent was heard that was heard least lately.",
            heard,
        ),
        (
            "servicevm_agents_expiry_timestamp_seconds",
            "When the first certificate of a connected agent runs out.",
            expiry,
        ),
    ):
        family = core.GaugeMetricFamily(name, text)
        if at is not None:
            family.add_metric([], at / clock.SECOND)
        yield family


class MetricsResource:
    """``GET /metrics``."""

    open = True

    def __init__(
        self, runtime: Runtime, metrics: Metrics, strategy: Strategy
    ) -> None:
        self._runtime = runtime
        self._metrics = metrics
        self._strategy = strategy

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        if not auth.from_here(req):
            caller = self._strategy.identify(req)
            self._runtime.policy.enforce(caller, "metrics")
        resp.content_type = prometheus_client.CONTENT_TYPE_LATEST
        # And what the process counts besides: in servicevm-standalone that
        # is what conductor and relay do.
        resp.data = prometheus_client.generate_latest(
            self._metrics.registry
        ) + prometheus_client.generate_latest(prometheus_client.REGISTRY)
