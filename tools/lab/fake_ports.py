"""Say of ports of nova's fake driver that they are up: nobody else does.

    python fake_ports.py SOUTHBOUND HOST

A real chassis sees a guest's interface, claims the port and says so, upon
which neutron tells nova, which waits for it. A fake guest has no interface.
Needs nothing but the standard library and OVN's programs.
"""

import json
import subprocess
import sys

_SECONDS = 20


def main(southbound: str, host: str) -> int:
    control = ["ovn-sbctl", f"--db={southbound}", f"--timeout={_SECONDS}"]
    with subprocess.Popen(
        [
            *["ovsdb-client", "monitor", southbound, "OVN_Southbound"],
            *["Port_Binding", "logical_port,requested_chassis,chassis"],
            "--format=json",
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as monitor:
        assert monitor.stdout is not None  # noqa: S101 - asked for above
        for _ in monitor.stdout:
            # Whatever has changed: all that there is to do is found anew.
            bind(control, host)
    return monitor.returncode or 1


def bind(control: list[str], host: str) -> None:
    """Bind what is asked for on `host` and is not bound yet."""
    chassis = ask(control, "--columns=_uuid find Chassis", f"name={host}")
    for (uuid,) in chassis:
        ports = ask(
            control,
            "--columns=logical_port find Port_Binding chassis=[]",
            f"requested_chassis={uuid[1]}",
        )
        for (port,) in ports:
            # One that was deleted meanwhile is no mistake.
            subprocess.run(
                [
                    *[*control, "--may-exist", "lsp-bind", port, host, "--"],
                    *["set", "Port_Binding", port, "up=true"],
                ],
                check=False,
            )


def ask(control: list[str], query: str, condition: str) -> list[list[str]]:
    done = subprocess.run(
        [*control, "--format=json", *query.split(), condition],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[list[str]] = json.loads(done.stdout)["data"]
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
