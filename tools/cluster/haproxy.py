"""haproxy before the APIs: one address, health checks, proxy headers."""

from collections.abc import Mapping

__all__ = ["render"]

_CONFIG = """\
# Written by tools/cluster; an operator's own may begin with this.
global
    maxconn 2000

defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout queue 10s
    # Tried again only where no byte of the request was sent.
    retries 2
    option redispatch

frontend api
    bind 127.0.0.1:{port}
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(Host)]
    default_backend api

backend api
    balance leastconn
    option httpchk GET /healthcheck
    http-check expect status 200
    timeout check 3s
    # Who waits for one that died is told so, and asks again.
    default-server check inter 500ms fall 2 rise 1 \
on-marked-down shutdown-sessions
{servers}"""


def render(port: int, servers: Mapping[str, int]) -> str:
    """The configuration.

    :param port: where clients come
    :param servers: name to loopback port of each API
    """
    lines = [
        f"    server {name} 127.0.0.1:{where}\n"
        for name, where in servers.items()
    ]
    return _CONFIG.format(port=port, servers="".join(lines))
