"""Placement: what compute hosts have and what of it is used."""

from collections.abc import Mapping, Sequence

from tools.lab.service import Options, Service

__all__ = ["Placement"]


class Placement(Service):
    name = "placement"
    kind = "placement"
    application = "placement.wsgi.api:application"
    databases = ("placement",)

    def database_options(self) -> Options:
        connection = self.wiring.database.url("placement")
        return {"placement_database": {"connection": connection}}

    def files(self) -> Mapping[str, Options]:
        return {
            "placement.conf": {
                "DEFAULT": {"use_stderr": True},
                "api": {"auth_strategy": "keystone"},
                **self.database_options(),
                "keystone_authtoken": self.wiring.authtoken("placement"),
            }
        }

    def migrations(self) -> Sequence[Sequence[str]]:
        manage = self.program("placement-manage", self.database_file)
        return [[*manage, "db", "sync"]]

    def environment(self) -> Mapping[str, str]:
        return {"OS_PLACEMENT_CONFIG_DIR": str(self.etc)}
