"""As whom the guest image is uploaded."""

import os
from collections.abc import Callable

import openstack.config
import openstack.connection
import openstack.exceptions
from keystoneauth1 import loading
from oslo_config import cfg

from servicevm.drivers.infra.nova import login
from servicevm.drivers.infra.nova.faults import asking
from servicevm.errors import CLOUD_NOT_CONFIGURED, PermanentError

__all__ = ["connect"]

#: Any of these says that the environment does.
_ENVIRONMENT = ("OS_CLOUD", "OS_AUTH_URL")


def connect(
    conf: cfg.ConfigOpts, cloud: str | None, *, say: Callable[[str], None]
) -> openstack.connection.Connection:
    """Log in by the cloud's name, the environment or the section [nova].

    :param cloud: a name in clouds.yaml, or None
    :param say: told which of them it is
    :raises ServicevmError: CLOUD_NOT_CONFIGURED, or what Keystone refuses
    """
    if not cloud and not any(map(os.environ.get, _ENVIRONMENT)):
        with asking("Keystone to log in"):
            return _configured(conf, say)
    say(f"Logging in to {cloud or 'the cloud of the environment'}")
    try:
        region = openstack.config.OpenStackConfig().get_one(
            cloud=cloud, api_timeout=login.TIMEOUT
        )
    except openstack.exceptions.ConfigException as error:
        raise PermanentError(CLOUD_NOT_CONFIGURED, f"{error}") from error
    with asking("Keystone to log in"):
        return openstack.connection.Connection(
            config=region, app_name="servicevm"
        )


def _configured(
    conf: cfg.ConfigOpts, say: Callable[[str], None]
) -> openstack.connection.Connection:
    if not login.configured(conf):
        raise PermanentError(
            CLOUD_NOT_CONFIGURED,
            "Nothing says as whom to log in: give --os-cloud NAME, set "
            "OS_CLOUD, or fill in [nova].",
        )
    say("Logging in as [nova] of the configuration says")
    group = login.GROUP
    auth = loading.load_auth_from_conf_options(conf, group)
    session = loading.load_session_from_conf_options(conf, group, auth=auth)
    return openstack.connection.Connection(
        session=session,
        region_name=conf.nova.region_name,
        interface=list(conf.nova.valid_interfaces),
        app_name="servicevm",
    )
