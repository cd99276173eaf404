"""Our devices in Horizon against Horizon's own key pairs.

A real Horizon (gunicorn, one process), Keystone and servicevm; 1,000
devices, of which the page shows 20. Horizon's page of 20 key pairs is the
floor: the same frame, menus and kind of table. Its Nova is a stub that
answers at once. The pages are asked for in turns over one session.

What counts is the processor time of Horizon for a page. By the clock, which
is told beside it, the floor is a high one: its page asks for quotas in a
pool of threads, and Horizon then waits a second for their end.

Run: tools/bootstrap dashboard && python -m benchmarks.horizon_pages
     python -m benchmarks.horizon_pages --devices 20
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from tools.cluster import keystone_people
from tools.horizon import content
from tools.horizon.lab import Lab

DEVICES = 1000
ROWS = 20
REQUESTS = 25
WARM_UP = 3
USER = "red-member"
PAGES = {
    "horizon_devices_page": "/project/servicevm_devices/",
    "horizon_keypairs_page": "/project/key_pairs/",
}

_VERSION = {
    "id": "v2.1",
    "status": "CURRENT",
    "version": "2.90",
    "min_version": "2.1",
    "links": [],
}
_ANSWERS = {
    "/v2.1": {"version": _VERSION},
    "/v2.1/os-keypairs": {
        "keypairs": [
            {
                "keypair": {
                    "name": f"key-{number:02}",
                    "type": "ssh",
                    "fingerprint": ":".join(["7e"] * 16),
                    "public_key": "ssh-ed25519 AAAA",
                }
            }
            for number in range(ROWS)
        ]
    },
    "/v2.1/limits": {
        "limits": {
            "rate": [],
            "absolute": {
                "maxTotalInstances": 20,
                "totalInstancesUsed": 0,
                "maxTotalCores": 20,
                "totalCoresUsed": 0,
                "maxTotalRAMSize": 51200,
                "totalRAMUsed": 0,
                "maxTotalKeypairs": 100,
            },
        }
    },
}


class Nova(BaseHTTPRequestHandler):
    """As much of a Nova as the page of key pairs asks for."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        body = json.dumps(_ANSWERS.get(path, {})).encode()
        self.send_response(200 if path in _ANSWERS else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        """Nothing else goes to standard error here."""


@contextlib.contextmanager
def nova() -> Iterator[str]:
    """The stub, on a free port; yields its endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Nova)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v2.1"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """One with nothing in it, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="svm-") as folder:
        with Lab(Path(folder)) as made:
            yield made


def log_in(made: Lab) -> requests.Session:
    """A browser's session, without a browser."""
    session = requests.Session()
    url = f"{made.web.url}/auth/login/"
    token = re.search(
        r"name=\"csrfmiddlewaretoken\" value=\"([^\"]+)\"",
        session.get(url, timeout=60).text,
    )
    assert token is not None
    session.post(
        url,
        data={
            "csrfmiddlewaretoken": token[1],
            "region": "default",
            "username": USER,
            "password": made.password(USER),
        },
        headers={"Referer": url},
        timeout=60,
    ).raise_for_status()
    return session


def rows(page: str) -> int:
    return len(re.findall(r"<tr[^>]+data-object-id=", page))


def processor_time(master: int) -> float:
    """Seconds that the workers of a gunicorn have used."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text()
    ticks = 0
    for pid in children.split():
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
        ticks += sum(map(int, stat.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(
    session: requests.Session, url: str, master: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds of each page: by the clock, the median; of processor
    time, which comes in ticks of 10, the mean.
    """
    clock: dict[str, list[float]] = {name: [] for name in PAGES}
    used = dict.fromkeys(PAGES, 0.0)
    for turn in range(WARM_UP + REQUESTS):
        for name, path in PAGES.items():
            cpu, began = processor_time(master), time.perf_counter()
            answer = session.get(f"{url}{path}", timeout=60)
            taken = time.perf_counter() - began
            answer.raise_for_status()
            assert rows(answer.text) == ROWS, f"{name}: {rows(answer.text)}"
            if turn >= WARM_UP:
                clock[name].append(taken * 1000)
                used[name] += (processor_time(master) - cpu) * 1000
    return (
        {name: statistics.median(each) for name, each in clock.items()},
        {f"{name}_cpu": each / REQUESTS for name, each in used.items()},
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--devices",
        type=int,
        default=DEVICES,
        help=f"at least {ROWS}; making a thousand takes minutes",
    )
    devices = max(ROWS, parser.parse_args().devices)
    with nova() as endpoint, lab() as made:
        keystone_people.register(
            made.keystone.identity(), endpoint, "RegionOne", kind="compute"
        )
        with made.client() as admin, made.client(USER) as member:
            content.populate(admin, member, devices)
        master = made.web.member.pid
        assert master is not None
        with log_in(made) as session:
            clock, used = measure(session, made.web.url, master)
    for name, value in {**used, **clock}.items():
        print(f"{name} {value:.1f} ms")
    for ending, (ours, theirs) in {
        "_cpu": used.values(),
        "": clock.values(),
    }.items():
        print(f"horizon_devices_to_keypairs{ending} {ours / theirs:.2f} ratio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
