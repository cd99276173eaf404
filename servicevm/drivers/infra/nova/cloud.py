"""Sessions and connections to the cloud, one per project.

Credentials are those of the section ``[nova]``, by any of keystoneauth's
plugins. A connection is shared by all threads, as OpenStack's own services
share theirs: the plugin keeps one token, and requests one pool of sockets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openstack.connection
from keystoneauth1 import exceptions as keystone
from keystoneauth1 import loading
from keystoneauth1 import session as keystone_session
from oslo_config import cfg

from servicevm.drivers.infra.nova.faults import asking
from servicevm.drivers.infra.nova.login import GROUP, configured
from servicevm.drivers.infra.nova.recent import Recent
from servicevm.errors import (
    CLOUD_NOT_CONFIGURED,
    CLOUD_TOO_OLD,
    PermanentError,
)

__all__ = ["Cloud", "Clouds"]

#: Tags are given to a server by the request that makes it.
_AT_LEAST = (2, 52)


@dataclass(frozen=True)
class Cloud:
    """The cloud, as one project.

    :param project_id: that what is made belongs to
    :param microversion: newest of Nova, e.g. ``(2, 96)``
    """

    project_id: str
    connection: openstack.connection.Connection
    microversion: tuple[int, int]

    def require(self, least: tuple[int, int], what: str) -> None:
        """
        :raises PermanentError: CLOUD_TOO_OLD, if Nova is older
        """
        if self.microversion < least:
            have, need = _dotted(self.microversion), _dotted(least)
            raise PermanentError(
                CLOUD_TOO_OLD,
                f"Nova offers the microversion {have}; {what} takes {need}.",
            )


class Clouds:
    """The cloud, as any project. Thread-safe.

    Nothing is asked before it is needed.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        #: By project id; the service's own by None.
        self._known: Recent[Cloud] = Recent(float("inf"))

    def service(self) -> Cloud:
        """As the service's own project."""
        return self._known.get(None, self._connect)

    def of(self, project_id: str) -> Cloud:
        """As this project, in which the service's user has to have a role."""
        service = self.service()
        if project_id == service.project_id:
            return service
        return self._known.get(project_id, lambda: self._connect(project_id))

    def close(self) -> None:
        for cloud in self._known.clear():
            cloud.connection.session.session.close()

    def _connect(self, project_id: str | None = None) -> Cloud:
        session = self._session(project_id)
        options = self._conf[GROUP]
        where = "" if project_id is None else f" to the project {project_id}"
        with asking(f"Keystone to log in{where}"):
            found = session.get_project_id()
        if not found:
            raise PermanentError(
                CLOUD_NOT_CONFIGURED,
                "[nova] names no project: servers belong to one.",
            )
        connection = openstack.connection.Connection(
            session=session,
            region_name=options.region_name,
            interface=list(options.valid_interfaces),
            connect_retries=options.connect_retries,
            status_code_retries=options.status_code_retries,
            app_name="servicevm",
        )
        with asking("the catalog for Nova"):
            data = connection.compute.get_endpoint_data()
        newest = getattr(data, "max_microversion", None) or (2, 1)
        cloud = Cloud(found, connection, (int(newest[0]), int(newest[1])))
        cloud.require(_AT_LEAST, "tagging a server as it is made")
        return cloud

    def _session(self, project_id: str | None) -> keystone_session.Session:
        if not configured(self._conf):
            raise PermanentError(
                CLOUD_NOT_CONFIGURED,
                "[nova] has no auth_type: set auth_type = password, "
                "auth_url, username, password, project_name, "
                "user_domain_name and project_domain_name.",
            )
        scope: dict[str, Any] = {}
        if project_id is not None:
            scope = {
                "project_id": project_id,
                "project_name": None,
                "project_domain_id": None,
                "project_domain_name": None,
                "domain_id": None,
                "domain_name": None,
            }
        try:
            auth = loading.load_auth_from_conf_options(
                self._conf, GROUP, **scope
            )
            loaded = _Loader().load_from_conf_options(
                self._conf,
                GROUP,
                auth=auth,
                connect_retries=self._conf[GROUP].connect_retries,
            )
        except (keystone.ClientException, TypeError) as error:
            # TypeError: a plugin that has no project, e.g. a credential.
            raise PermanentError(
                CLOUD_NOT_CONFIGURED, f"[nova]: {error}."
            ) from error
        return loaded


class _Session(keystone_session.Session):
    """Sends nothing twice that makes something, and logs no secrets."""

    def request(self, url: str, method: str, *args: Any, **kwargs: Any) -> Any:
        if method == "POST" and kwargs.get("authenticated") is not False:
            # It may have been done, although no answer came.
            kwargs["connect_retries"] = 0
            kwargs["status_code_retries"] = 0
        if "/servers" in url:
            # First-boot documents, with tokens, go there and come back.
            kwargs["log"] = False
        return super().request(url, method, *args, **kwargs)


class _Loader(loading.session.Session):
    @property
    def plugin_class(self) -> type[_Session]:
        return _Session


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)
