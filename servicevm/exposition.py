"""``/metrics`` of a process that has no API, for Prometheus.

It tells numbers only and asks for no password, so it is offered where the
configuration says so and nowhere else; on loopback a scraper of the host
finds it. What is counted is in the modules ``metrics`` of the parts.
"""

import contextlib
import logging
from collections.abc import Iterator
from urllib.parse import urlsplit

import prometheus_client

from servicevm.errors import PORT_TAKEN, PermanentError

__all__ = ["offered"]

LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def offered(where: str) -> Iterator[None]:
    """Answer ``GET /metrics`` at this address for as long as this lasts.

    :param where: host:port; empty: nowhere
    :raises PermanentError: PORT_TAKEN; the address is not there to be had
    """
    if not where:
        yield
        return
    parsed = urlsplit(f"//{where}")
    try:
        server, thread = prometheus_client.start_http_server(
            parsed.port or 0, str(parsed.hostname)
        )
    except OSError as error:
        raise PermanentError(
            PORT_TAKEN, f"No metrics can be offered at {where}: {error}."
        ) from error
    LOG.info("Metrics are at http://%s/metrics", where)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
