"""``/metrics`` of a process that has no API, for Prometheus.

It tells numbers only and asks for no password, so it is offered where the
configuration says so and nowhere else; on loopback a scraper of the host
finds it. What is counted is in the modules ``metrics`` of the parts.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import prometheus_client
from cheroot import wsgi

from servicevm.errors import PORT_TAKEN, PermanentError

__all__ = ["offered"]

LOG = logging.getLogger(__name__)

#: Most threads that answer, connections that wait for one, and seconds that
#: somebody may say nothing.
THREADS = 2
QUEUE = 8
TIMEOUT = 5


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
    address = str(parsed.hostname), int(parsed.port or 0)
    try:
        # Here, because cheroot leaves a socket behind where it cannot.
        socket.create_server(address).close()
    except OSError as error:
        raise PermanentError(
            PORT_TAKEN, f"No metrics can be offered at {where}: {error}."
        ) from error
    server = wsgi.Server(
        address,
        prometheus_client.make_wsgi_app(),
        numthreads=1,
        max=THREADS,
        request_queue_size=QUEUE,
        timeout=TIMEOUT,
        shutdown_timeout=TIMEOUT,
    )
    server.prepare()
    thread = threading.Thread(target=server.serve, name="metrics", daemon=True)
    thread.start()
    LOG.info("Metrics are at http://%s/metrics", where)
    try:
        yield
    finally:
        server.stop()
        thread.join()
