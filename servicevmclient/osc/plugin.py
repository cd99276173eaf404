"""What ``openstack`` looks for: how to make our client.

This module is imported by every ``openstack`` command of everybody, so it
imports next to nothing.
"""

import argparse
import re
from typing import Any

API_NAME = "servicevm"
API_VERSION_OPTION = "os_servicevm_api_version"
DEFAULT_API_VERSION = "1"
API_VERSIONS = ("1",)


def check_api_version(version: str) -> bool:
    """Whether it is a version of ours; 1.N is a microversion."""
    return re.fullmatch(r"1(\.\d+)?", version) is not None


def microversion(version: str | None) -> str | None:
    """What to ask the service for; ``1`` alone asks for nothing."""
    return version if version and "." in version else None


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add our global options."""
    import os

    parser.add_argument(
        "--os-servicevm-api-version",
        metavar="<version>",
        default=os.environ.get("OS_SERVICEVM_API_VERSION"),
        help=f"Service VM API version, default: {DEFAULT_API_VERSION} "
        "(Env: OS_SERVICEVM_API_VERSION)",
    )
    return parser


def make_client(instance: Any) -> Any:
    """A client on the session that ``openstack`` authenticated.

    :param instance: osc_lib.clientmanager.ClientManager
    """
    from keystoneauth1.exceptions import ClientException

    from servicevmclient.exceptions import ConfigError
    from servicevmclient.v1.client import Client

    try:
        endpoint = instance.get_endpoint_for_service_type(
            API_NAME,
            region_name=instance.region_name,
            interface=instance.interface,
        )
    except ClientException as error:
        raise ConfigError(
            f"The catalogue has no endpoint of type {API_NAME}: {error}"
        ) from error
    return Client(
        instance.session,
        endpoint_override=endpoint,
        region_name=instance.region_name,
        interface=instance.interface,
        api_version=microversion(instance._api_version[API_NAME]),
        connect_retries=1,
    )
