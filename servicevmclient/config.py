"""Where the service is and who asks, for the ``servicevm`` shell.

Order: options; then the cloud of clouds.yaml if one is named, else the
``OS_*`` environment. The plain cases (auth types http_basic, none and
token_endpoint) are read here; everything else is openstacksdk's affair,
whose import alone costs 0.3 s (2026-08).
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from servicevmclient import _words
from servicevmclient.exceptions import ConfigError

#: option (and key of OS_*), what it is
OPTIONS: Mapping[str, str] = {
    "cloud": "Name of a cloud in clouds.yaml",
    "endpoint": "URL of the service, where no catalogue has it",
    "auth-type": "Auth plugin: password, http_basic, none ...",
    "auth-url": "URL of the identity service",
    "username": "User name",
    "password": "Password; better in the environment or clouds.yaml",
    "token": "Token",
    "user-domain-id": "Domain of the user",
    "user-domain-name": "Domain of the user",
    "project-id": "Project to act in",
    "project-name": "Project to act in",
    "project-domain-id": "Domain of the project",
    "project-domain-name": "Domain of the project",
    "system-scope": "Scope of the whole system: all",
    "application-credential-id": "Application credential",
    "application-credential-name": "Application credential",
    "application-credential-secret": "Secret of the application credential",
    "region-name": "Region of the catalogue",
    "interface": "Endpoint of the catalogue: public, internal or admin",
    "cacert": "File with the CA certificates to trust",
    "cert": "File with the client's certificate",
    "key": "File with the client's key",
    "servicevm-api-version": "API version to ask for, e.g. 1.0",
    "servicevm-endpoint-override": "URL that goes before the catalogue's",
}

#: auth types read here, and the keys of each
_PLAIN = {
    "http_basic": {"endpoint", "username", "password"},
    "none": {"endpoint"},
    "noauth": {"endpoint"},
    "token_endpoint": {"endpoint", "token"},
    "admin_token": {"endpoint", "token"},
}
#: keys of a cloud that a plain case may have
_CLOUD_KEYS = {
    "auth",
    "auth_type",
    "cacert",
    "cert",
    "endpoint_type",
    "interface",
    "key",
    "region_name",
    "servicevm_api_version",
    "servicevm_endpoint_override",
    "verify",
}
_AUTH_KEYS = frozenset().union(*_PLAIN.values())


class Access(NamedTuple):
    """Everything a client needs to be made, read without openstacksdk.

    :param verify: check certificates; or a file with those to trust
    :param cert: the client's certificate, and its key if that is apart
    """

    auth_type: str
    auth: Mapping[str, str]
    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    region_name: str | None = None
    interface: str | None = None
    endpoint_override: str | None = None
    api_version: str | None = None


def options_of(environ: Mapping[str, str]) -> dict[str, str]:
    """What the OS_* environment says, by the keys of `OPTIONS`."""
    found = {}
    for name in OPTIONS:
        value = environ.get(f"OS_{name.replace('-', '_').upper()}")
        if value:
            found[name] = value
    return found


def plain(
    options: Mapping[str, Any], environ: Mapping[str, str], *, insecure: bool
) -> Access | None:
    """How to reach the service, or None if it takes openstacksdk to know.

    :param options: those given on the command line, keys as in `OPTIONS`
    :raises ConfigError: clouds.yaml is no YAML
    """
    cloud = options.get("cloud") or environ.get("OS_CLOUD")
    given = {k.replace("-", "_"): v for k, v in options.items()}
    if cloud:
        found = _cloud(cloud, environ)
        if found is None:
            return None
    else:
        from_environ = options_of(environ)
        given = {
            **{k.replace("-", "_"): v for k, v in from_environ.items()},
            **given,
        }
        found = {}
    auth = dict(found.get("auth") or {})
    auth |= {k: v for k, v in given.items() if k in _AUTH_KEYS}
    auth_type = given.get("auth_type") or found.get("auth_type")
    auth_type = auth_type or _guess(given, auth)
    others = set(given) - {"cloud"} - _AUTH_KEYS - _CLOUD_KEYS
    if auth_type not in _PLAIN or others or set(auth) - _PLAIN[auth_type]:
        return None
    merged = {**found, **given}
    key, cert = merged.get("key"), merged.get("cert")
    verify: bool | str = merged.get("verify", True) is not False
    if verify and merged.get("cacert"):
        verify = os.path.expanduser(str(merged["cacert"]))
    return Access(
        auth_type=auth_type,
        auth={name: str(value) for name, value in auth.items()},
        verify=False if insecure else verify,
        cert=(cert, key) if cert and key else cert,
        region_name=merged.get("region_name"),
        interface=merged.get("interface") or merged.get("endpoint_type"),
        endpoint_override=merged.get("servicevm_endpoint_override"),
        api_version=merged.get("servicevm_api_version"),
    )


def client(
    options: Mapping[str, Any],
    environ: Mapping[str, str] = os.environ,
    *,
    insecure: bool = False,
) -> Any:
    """A `servicevmclient.v1.Client`.

    :raises ConfigError: it is not known where the service is
    """
    access = plain(options, environ, insecure=insecure)
    if access is None:
        if not (options or environ.get("OS_CLOUD") or options_of(environ)):
            raise ConfigError("It is not said where the service is.")
        return _by_sdk(options, environ, insecure)
    if not (access.auth.get("endpoint") or access.endpoint_override):
        raise ConfigError("The endpoint is missing.")
    from keystoneauth1.session import Session

    from servicevmclient.v1.client import Client

    session = Session(
        auth=_plugin(access), verify=access.verify, cert=access.cert
    )
    # Else requests looks for a ~/.netrc, and what that has for the host
    # takes the place of the credentials that were given.
    session.session.auth = _untouched
    return Client(
        session,
        endpoint_override=access.endpoint_override,
        region_name=access.region_name,
        interface=access.interface,
        api_version=_microversion(access.api_version),
        connect_retries=1,
    )


def _microversion(version: str | None) -> str | None:
    """What to ask the service for.

    :raises ConfigError: it is no version that this client speaks
    """
    from servicevmclient.osc.plugin import check_api_version, microversion

    if version is not None and not check_api_version(str(version)):
        raise ConfigError(
            f"This client does not speak version {version} of the API.",
            hint="Ask for 1, or 1.N for a microversion.",
        )
    return microversion(version and str(version))


def _untouched(request: Any) -> Any:
    """What the auth plugin made of a request is all there is to it."""
    return request


def _plugin(access: Access) -> Any:
    if access.auth_type == "http_basic":
        from keystoneauth1.http_basic import HTTPBasicAuth

        return HTTPBasicAuth(**access.auth)
    if access.auth_type in ("none", "noauth"):
        from keystoneauth1.noauth import NoAuth

        return NoAuth(**access.auth)
    from keystoneauth1.token_endpoint import Token

    return Token(
        endpoint=access.auth.get("endpoint"), token=access.auth.get("token")
    )


def _guess(given: Mapping[str, Any], auth: Mapping[str, Any]) -> str:
    """The auth type that endpoint, name and token speak for."""
    if "endpoint" not in auth or given.get("auth_url"):
        return "password"
    if "token" in auth:
        return "token_endpoint"
    return "http_basic" if "username" in auth else "none"


def _cloud(name: str, environ: Mapping[str, str]) -> dict[str, Any] | None:
    """A cloud out of clouds.yaml, if it is a plain one."""
    path = next(_files("clouds", "OS_CLIENT_CONFIG_FILE", environ), None)
    if path is None or any(_files("secure", "OS_CLIENT_SECURE_FILE", environ)):
        return None
    data = _content(path)
    try:
        cloud = data["clouds"][name]
        plain_one = set(cloud) <= _CLOUD_KEYS
    except (KeyError, TypeError):
        # openstacksdk knows vendor profiles, and the words for it.
        return None
    return dict(cloud) if plain_one else None


def _content(path: Path) -> Any:
    """What a file of YAML says.

    :raises ConfigError: it cannot be read, or is no YAML
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error}") from error
    found = _words.read(raw.decode("latin-1"))
    if found is not None:
        return found
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(raw, Loader=loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise ConfigError(f"Cannot read {path}: {error}") from error


def _files(
    stem: str, variable: str, environ: Mapping[str, str]
) -> Iterator[Path]:
    """Where openstacksdk looks, in its order."""
    if environ.get(variable):
        yield from _existing(Path(environ[variable]))
    home = Path(environ.get("HOME") or Path.home())
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    for folder in (Path(), config / "openstack", Path("/etc/openstack")):
        for suffix in ("yaml", "yml", "json"):
            yield from _existing(folder / f"{stem}.{suffix}")


def _existing(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path


def _ask_password(prompt: str | None = None) -> str:
    """Ask a person; a script gets an error that says what is missing."""
    if not sys.stdin.isatty():
        raise ConfigError("The password is missing (OS_PASSWORD).")
    from getpass import getpass

    return getpass()


def _by_sdk(
    options: Mapping[str, Any], environ: Mapping[str, str], insecure: bool
) -> Any:
    """With all that openstacksdk knows of clouds and auth plugins."""
    from keystoneauth1.exceptions import ClientException
    from openstack import exceptions as sdk
    from openstack.config import OpenStackConfig

    from servicevmclient.v1.client import Client

    given: dict[str, Any] = {
        name.replace("-", "_"): value for name, value in options.items()
    }
    cloud = given.pop("cloud", None) or environ.get("OS_CLOUD")
    auth = {
        name: given.pop(name)
        for name in list(given)
        if name not in _CLOUD_KEYS
    }
    if insecure:
        given["verify"] = False
    try:
        loader = OpenStackConfig(
            app_name="servicevmclient", pw_func=_ask_password
        )
        if auth:
            given["auth"] = auth
        region = loader.get_one(cloud=cloud, **given)
        session = region.get_session()
    except (sdk.ConfigException, ClientException) as error:
        raise ConfigError(str(error)) from error
    settings = region.config
    return Client(
        session,
        endpoint_override=settings.get("servicevm_endpoint_override"),
        region_name=region.region_name,
        interface=region.interface,
        api_version=_microversion(settings.get("servicevm_api_version")),
        connect_retries=1,
    )
