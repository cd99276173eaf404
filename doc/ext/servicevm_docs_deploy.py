"""``servicevm-deploy``: configuration files as tools/cluster writes them.

What the manual shows is what every test of many processes runs with; only
names, addresses and secrets are others.
"""

from collections.abc import Mapping
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from tools.cluster.fleet import IMAGE, Fleet
from tools.cluster.ports import Ports

_PORTS = {"haproxy": 9890, "api1": 9891, "api2": 9892, "relay1": 9893}


class _Ports(Ports):
    def __init__(self) -> None:
        """Nothing is kept."""

    def of(self, name: str) -> int:
        return _PORTS.get(name, 9894)


class _Wiring:
    """A wiring with PASSWORD for every secret."""

    def url_of(self, member: str, target: str) -> str:
        if target == "broker":
            return "rabbit://servicevm:PASSWORD@10.0.0.5:5672/"
        return (
            "mysql+pymysql://servicevm:PASSWORD@10.0.0.4/servicevm"
            "?charset=utf8mb4"
        )

    def authtoken(self) -> Mapping[str, str]:
        return {
            "www_authenticate_uri": "https://keystone.example/v3",
            "auth_type": "password",
            "auth_url": "https://keystone.example/v3",
            "username": "servicevm",
            "password": "PASSWORD",
            "project_name": "service",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }


class DeployDirective(Directive):
    """One file: ``api``, ``conductor``, ``relay``, ``haproxy``,
    ``gunicorn``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        fleet = Fleet(Path("/etc/servicevm"), _Ports(), {})
        kind = self.arguments[0]
        if kind == "haproxy":
            text = fleet.haproxy()
        elif kind == "gunicorn":
            text = fleet.gunicorn("api1")
        else:
            text = fleet.conf(kind, f"{kind}1", _Wiring())
        text = text.replace("/etc/servicevm/state", "/var/lib/servicevm")
        text = text.replace(str(IMAGE), "/var/lib/servicevm/image")
        block = nodes.literal_block(text, text)
        block["language"] = "python" if kind == "gunicorn" else "none"
        return [block]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("servicevm-deploy", DeployDirective)
    return {"parallel_read_safe": True}
