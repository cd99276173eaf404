import base64
import configparser
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from servicevmclient import application
from servicevmclient.osc import _formatters
from servicevmclient.osc._commands import COMMANDS
from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

SETUP_CFG = Path(__file__).parents[3] / "setup.cfg"


def test_setup_cfg_has_the_same_commands_for_openstack() -> None:
    parser = configparser.ConfigParser()
    parser.read(SETUP_CFG, encoding="utf-8")
    lines = parser["entry_points"]["openstack.servicevm.v1"].split("\n")
    declared = dict(line.split(" = ") for line in lines if line)
    assert declared == {
        f"servicevm_{name.replace(' ', '_')}": target
        for name, target in COMMANDS.items()
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_with_help_and_example(name: str) -> None:
    command = application.Lazy(name, COMMANDS[name]).load()
    assert command.__doc__
    assert not command.__doc__.rstrip().endswith(".")
    assert command.example.startswith(f"{name} ") or command.example == name
    # Documentation is made without an application.
    epilog = command(None, None).get_epilog()
    assert epilog == f"Example: openstack servicevm {command.example}"


def test_the_formatters_are_those_of_cliff() -> None:
    for namespace, known in _formatters.KNOWN.items():
        declared = {
            point.name: point.value
            for point in entry_points(group=namespace)
            if point.value.startswith("cliff.")
        }
        assert declared == {
            name: f"cliff.formatters.{target}"
            for name, target in known.items()
        }


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("--version", 0, "servicevm "),
        ("help device create", 0, "--template TEMPLATE"),
        ("device create --help", 0, "Example: servicevm device create"),
        ("--help", 0, "service stats show"),
        ("", 2, "device template create   Create a device template"),
        ("complete", 0, "_servicevm()"),
        ("device nothing", 2, "device list"),
        ("devic list", 0, "lb"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_shell_helps(
    line: str, code: int, words: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "lb"})
    result = terminal(line)
    assert result.code == code
    assert words in result.out


def test_nobody_there_is_told_in_words(
    bare_environment: pytest.MonkeyPatch,
) -> None:
    with FakeServicevm() as gone:
        url = gone.url
    with pytest.MonkeyPatch.context() as streams:
        result = Terminal(streams)(f"--os-endpoint {url} device list")
    assert result.code == 1
    assert "Error: The service did not answer." in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


def test_no_configuration_is_told_in_words(
    bare_environment: pytest.MonkeyPatch,
) -> None:
    with pytest.MonkeyPatch.context() as streams:
        result = Terminal(streams)("--os-auth-type none device list")
    assert result.code == 2
    assert "--os-cloud" in result.err


# openstacksdk 4.22 warns of its own InfluxDB support, whoever asks.
@pytest.mark.filterwarnings("ignore:Support for InfluxDB")
@pytest.mark.parametrize(
    "clouds", [None, "clouds: {}", "clouds: ["], ids=["none", "empty", "bad"]
)
def test_a_cloud_that_cannot_be_found_is_a_usage_error(
    clouds: str | None,
    bare_environment: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if clouds is not None:
        (tmp_path / "clouds.yaml").write_text(clouds)
    with pytest.MonkeyPatch.context() as streams:
        result = Terminal(streams)("--os-cloud nothing device list")
    assert result.code == 2
    assert "Error: The client is not configured." in result.err
    assert "Traceback" not in result.err


def test_wrong_credentials_have_their_exit_code(
    bare_environment: pytest.MonkeyPatch,
) -> None:
    with FakeServicevm(username="u", password="p") as fake:
        with pytest.MonkeyPatch.context() as streams:
            terminal = Terminal(streams)
            options = f"--os-endpoint {fake.url} --os-username u"
            right = terminal(f"{options} --os-password p device list")
            wrong = terminal(f"{options} --os-password q device list")
    assert (right.code, wrong.code) == (0, 4)


def test_what_a_netrc_has_for_the_host_does_not_replace_the_credentials(
    bare_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login somebody password else")
    with FakeServicevm(username="u", password="p") as fake:
        with pytest.MonkeyPatch.context() as streams:
            result = Terminal(streams)(
                f"--os-endpoint {fake.url} --os-username u --os-password p "
                "device list"
            )
    assert result.code == 0


def test_debug_shows_the_requests_without_the_password(
    bare_environment: pytest.MonkeyPatch,
) -> None:
    with FakeServicevm(username="admin", password="opensesame") as fake:
        bare_environment.setenv("OS_PASSWORD", "opensesame")
        with pytest.MonkeyPatch.context() as streams:
            result = Terminal(streams)(
                f"--debug --os-endpoint {fake.url} --os-username admin "
                "device show nothing"
            )
    assert result.code == 3
    assert "GET" in result.err
    assert "Traceback" in result.err
    token = base64.b64encode(b"admin:opensesame").decode()
    assert "opensesame" not in result.err
    assert token not in result.err


@pytest.mark.parametrize("version", ["2", "2.7", "new"])
def test_a_version_that_nobody_speaks_is_a_usage_error(
    version: str, terminal: Terminal
) -> None:
    result = terminal(f"--os-servicevm-api-version {version} device list")
    assert result.code == 2
    assert f"does not speak version {version}" in result.err
