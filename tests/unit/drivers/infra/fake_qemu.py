"""A QEMU as far as its driver can tell, for what no real one does on demand.

Run as the program itself. It holds its pid file's lock, speaks QMP on the
descriptor that it was given, and under ``-accel kvm`` its machine comes to
what the environment's ``TMPDIR``/kvm-status says; under TCG it runs.
"""

import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


def main() -> int:
    pid_file = Path(option("-pidfile"))
    with pid_file.open("w") as held:
        held.write(f"{os.getpid()}\n")
        held.flush()
        fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        words = [one for one in sys.argv if one.startswith("socket,id=qmp")]
        number = int(words[0].partition("fd=")[2].partition(",")[0])
        status = "running"
        if option("-accel") == "kvm":
            status = Path(os.environ["TMPDIR"], "kvm-status").read_text()
        with socket.socket(fileno=number) as listener:
            while True:
                client, _ = listener.accept()
                with client:
                    if not serve(client, status):
                        return 0


def serve(client: socket.socket, status: str) -> bool:
    """Answer one connection; False once it is told to quit."""

    def say(message) -> None:
        client.sendall(json.dumps(message).encode() + b"\r\n")

    version = {"qemu": {"major": 7, "minor": 2, "micro": 0}, "package": ""}
    say({"QMP": {"version": version, "capabilities": []}})
    for asked in requests(client):
        answer = {
            "query-status": {"status": status, "running": True},
            "ringbuf-read": "",
        }.get(asked["execute"], {})
        said = {"return": answer}
        if "id" in asked:
            said["id"] = asked["id"]
        say(said)
        if asked["execute"] == "quit":
            return False
        if asked["execute"] == "qmp_capabilities" and status != "running":
            say({"event": "STOP", "timestamp": STAMP})
    return True


def requests(client: socket.socket) -> Iterator[dict]:
    """JSON objects with nothing between them."""
    text = ""
    while data := client.recv(4096):
        text += data.decode()
        while text:
            try:
                found, end = json.JSONDecoder().raw_decode(text)
            except ValueError:
                break
            text = text[end:].lstrip()
            yield found


STAMP = {"seconds": 1, "microseconds": 0}

if __name__ == "__main__":
    sys.exit(main())
