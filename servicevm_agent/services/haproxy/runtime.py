"""haproxy's command sockets: one command, one answer."""

from __future__ import annotations

import csv
import socket
from typing import Dict, List, NamedTuple

#: Seconds for one command. The master socket has been seen to hang.
TIMEOUT = 3.0
_MAX_ANSWER = 16 << 20


class HaproxyError(OSError):
    """haproxy does not answer, or not what was asked."""


def command(path: str, line: str, timeout: float = TIMEOUT) -> str:
    """Send `line` (``a; b`` for several) to the socket, return the answer.

    :raises HaproxyError: nobody there, no answer in time, answer too long
    """
    answer = bytearray()
    try:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(timeout)
            peer.connect(path)
            peer.sendall(line.encode() + b"\n")
            # The master does not close the connection without this.
            peer.shutdown(socket.SHUT_WR)
            while True:
                piece = peer.recv(65536)
                if not piece:
                    return answer.decode("utf-8", "replace")
                answer += piece
                if len(answer) > _MAX_ANSWER:
                    raise HaproxyError("the answer is too long")
    except HaproxyError:
        raise
    except OSError as error:
        raise HaproxyError(f"{path}: {error}") from None


class Processes(NamedTuple):
    """What ``show proc`` of the master says.

    :param workers: pids of those that accept connections
    :param failed: reloads that failed since the last good one
    """

    master: int
    workers: List[int]
    failed: int


def processes(master_socket: str) -> Processes:
    """Ask the master for its workers.

    :raises HaproxyError: see `command`
    """
    return parse_processes(command(master_socket, "show proc"))


def parse_processes(text: str) -> Processes:
    """Read the table of ``show proc``.

    :raises HaproxyError: there is no master in it
    """
    master, failed = 0, 0
    workers: List[int] = []
    section = ""
    for line in text.splitlines():
        if line.startswith("# "):
            section = line[2:].strip()
            continue
        words = line.split()
        if len(words) < 2 or not words[0].isdigit():
            continue
        if words[1] == "master":
            master = int(words[0])
            _, _, rest = line.partition("[failed:")
            number = rest.partition("]")[0].strip()
            failed = int(number) if number.isdigit() else 0
        elif words[1] == "worker" and section == "workers":
            workers.append(int(words[0]))
    if not master:
        raise HaproxyError("show proc names no master")
    return Processes(master, workers, failed)


Row = Dict[str, str]


def stat_rows(stats_socket: str) -> List[Row]:
    """Return the rows of ``show stat`` as dictionaries of its columns.

    :raises HaproxyError: see `command`
    """
    return parse_stat(command(stats_socket, "show stat"))


def parse_stat(text: str) -> List[Row]:
    """Read the CSV of ``show stat``.

    :raises HaproxyError: it has no header
    """
    if not text.startswith("# "):
        raise HaproxyError(f"show stat: {text.strip()[:200]}")
    return list(csv.DictReader(text[2:].strip().splitlines()))
