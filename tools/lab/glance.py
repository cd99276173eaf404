"""Glance: images, in files."""

from collections.abc import Mapping, Sequence

from tools.lab.environment import VENV
from tools.lab.service import Options, Service

__all__ = ["Glance"]


class Glance(Service):
    name = "glance"
    kind = "image"
    application = "glance.wsgi.api:application"
    databases = ("glance",)

    def files(self) -> Mapping[str, Options]:
        def folder(name: str) -> dict[str, str]:
            return {"filesystem_store_datadir": str(self.folder / name)}

        return {
            "glance-api.conf": {
                "DEFAULT": {
                    "use_stderr": True,
                    "enabled_backends": "file:file",
                    "worker_self_reference_url": self.endpoint,
                },
                "glance_store": {"default_backend": "file"},
                "file": folder("images"),
                "os_glance_staging_store": folder("staging"),
                "os_glance_tasks_store": folder("tasks"),
                **self.database_options(),
                "paste_deploy": {
                    "flavor": "keystone",
                    "config_file": VENV.folder
                    / "etc/glance/glance-api-paste.ini",
                },
                "oslo_concurrency": self.lock_path(),
                "oslo_messaging_notifications": {"driver": "noop"},
                "keystone_authtoken": self.wiring.authtoken("glance"),
            }
        }

    def migrations(self) -> Sequence[Sequence[str]]:
        manage = self.program("glance-manage", self.database_file)
        return [[*manage, "db_sync"]]

    def environment(self) -> Mapping[str, str]:
        return {
            "OS_GLANCE_CONFIG_DIR": str(self.etc),
            "OS_GLANCE_CONFIG_FILES": "glance-api.conf",
        }
