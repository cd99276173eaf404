from pathlib import Path
from typing import Any

import pytest
import yaml

from servicevmclient import config
from servicevmclient.exceptions import ConfigError

BASIC = {
    "auth_type": "http_basic",
    "auth": {"endpoint": "http://h", "username": "u", "password": "p"},
}


def _environ(tmp_path: Path, clouds: Any = None, **more: str) -> Any:
    environ = {"HOME": str(tmp_path), **more}
    if clouds is not None:
        path = tmp_path / "clouds.yaml"
        path.write_text(yaml.safe_dump({"clouds": clouds}))
        environ["OS_CLIENT_CONFIG_FILE"] = str(path)
    return environ


@pytest.mark.parametrize(
    ("options", "environ", "auth_type", "auth"),
    [
        (
            {"endpoint": "http://h"},
            {},
            "none",
            {"endpoint": "http://h"},
        ),
        (
            {},
            {"OS_ENDPOINT": "http://h", "OS_TOKEN": "t"},
            "token_endpoint",
            {"endpoint": "http://h", "token": "t"},
        ),
        (
            {"password": "q"},
            {
                "OS_ENDPOINT": "http://h",
                "OS_USERNAME": "u",
                "OS_PASSWORD": "p",
            },
            "http_basic",
            {"endpoint": "http://h", "username": "u", "password": "q"},
        ),
    ],
    ids=["endpoint", "token-of-environment", "option-over-environment"],
)
def test_plain_cases_without_a_cloud(
    options: Any, environ: Any, auth_type: str, auth: Any
) -> None:
    access = config.plain(options, environ, insecure=False)
    assert access is not None
    assert (access.auth_type, access.auth) == (auth_type, auth)


def test_a_cloud_is_read_with_its_tls_settings(tmp_path: Path) -> None:
    cloud = {**BASIC, "cacert": "/ca.pem", "cert": "/c.pem", "key": "/k.pem"}
    environ = _environ(tmp_path, {"mine": cloud}, OS_CLOUD="mine")
    access = config.plain({}, environ, insecure=False)
    assert access is not None
    assert access.auth == BASIC["auth"]
    assert access.verify == "/ca.pem"
    assert access.cert == ("/c.pem", "/k.pem")


def test_a_named_cloud_is_not_mixed_with_the_environment(
    tmp_path: Path,
) -> None:
    environ = _environ(tmp_path, {"mine": BASIC}, OS_USERNAME="somebody")
    access = config.plain({"cloud": "mine"}, environ, insecure=True)
    assert access is not None
    assert access.auth["username"] == "u"
    assert access.verify is False


@pytest.mark.parametrize(
    "where",
    ["clouds.yaml", ".config/openstack/clouds.yaml"],
)
def test_clouds_yaml_is_found_where_openstack_looks(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"clouds": {"mine": BASIC}}))
    environ = {"HOME": str(tmp_path)}
    assert config.plain({"cloud": "mine"}, environ, insecure=False)


@pytest.mark.parametrize(
    ("cloud", "options", "more"),
    [
        ({"auth": {"auth_url": "http://k"}}, {}, {}),
        ({**BASIC, "profile": "vendor"}, {}, {}),
        ({**BASIC, "regions": ["a"]}, {}, {}),
        (BASIC, {"project-name": "p"}, {}),
        (BASIC, {"auth-type": "v3password"}, {}),
        (BASIC, {"cloud": "other"}, {}),
    ],
    ids=["keystone", "profile", "regions", "scope", "auth-type", "unknown"],
)
def test_all_else_is_left_to_openstacksdk(
    cloud: Any, options: Any, more: Any, tmp_path: Path
) -> None:
    environ = _environ(tmp_path, {"mine": cloud}, **more)
    given = {"cloud": "mine", **options}
    assert config.plain(given, environ, insecure=False) is None


def test_a_secure_yaml_is_left_to_openstacksdk(tmp_path: Path) -> None:
    secure = tmp_path / "secure.yaml"
    secure.write_text("clouds: {}")
    environ = _environ(
        tmp_path, {"mine": BASIC}, OS_CLIENT_SECURE_FILE=str(secure)
    )
    assert config.plain({"cloud": "mine"}, environ, insecure=False) is None


def test_a_broken_clouds_yaml_is_named(tmp_path: Path) -> None:
    environ = _environ(tmp_path, {})
    path = Path(environ["OS_CLIENT_CONFIG_FILE"])
    path.write_text("clouds: [")
    with pytest.raises(ConfigError, match=str(path)):
        config.plain({"cloud": "mine"}, environ, insecure=False)


def test_no_endpoint_is_told_before_anything_is_sent() -> None:
    environ = {"OS_AUTH_TYPE": "none"}
    with pytest.raises(ConfigError, match="endpoint"):
        config.client({}, environ)


# openstacksdk 4.22 warns of its own InfluxDB support, whoever asks.
@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
def test_a_keystone_cloud_gets_its_plugin_from_openstacksdk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = {
        "auth": {
            "auth_url": "http://127.0.0.1:9/v3",
            "username": "u",
            "password": "p",
            "project_name": "p",
            "user_domain_id": "default",
            "project_domain_id": "default",
        },
        "servicevm_endpoint_override": "http://127.0.0.1:9",
    }
    environ = _environ(tmp_path, {"mine": cloud}, OS_CLOUD="mine")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    client = config.client({}, environ)
    plugin = client._adapter._adapter.session.auth
    assert type(plugin).__module__.startswith("keystoneauth1.")
    assert "Password" in type(plugin).__name__


def test_without_any_word_of_the_service_it_says_what_to_set(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="where the service is") as raised:
        config.client({}, _environ(tmp_path))
    assert "OS_CLOUD" in str(raised.value.hint)


# openstacksdk 4.22 warns of its own InfluxDB support, whoever asks.
@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
def test_a_script_is_not_asked_for_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = _environ(tmp_path)
    with (tmp_path / "empty").open("w+") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(ConfigError, match="OS_PASSWORD"):
            config.client(
                {"auth-url": "http://127.0.0.1:1/v3", "username": "u"},
                environ,
            )
