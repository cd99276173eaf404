"""The stand-in for ``openstack`` takes what the real client takes."""

import os
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from unittest import mock

import pytest

HERE = Path(__file__).parent
PHASES = (
    ["stack", "post-config"],
    ["stack", "extra"],
    ["unstack"],
)
GROUPS = (
    "openstack.common",
    "openstack.identity.v3",
    "openstack.image.v2",
    "openstack.network.v2",
    "openstack.servicevm.v1",
)

#: Words of a command, joined, to its class.
NAMES = {
    entry.name: entry
    for group in GROUPS
    for entry in metadata.entry_points(group=group)
}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """What a node calls that is stacked, and unstacked with a device."""
    folder = tmp_path_factory.mktemp("node")
    (folder / "localrc").write_text("SERVICEVM_RELAY_IP=192.168.98.9\n")
    (folder / "cloud.json").write_text(
        '{"servicevm device": [{"id": "one"}],'
        ' "image": [{"id": "two", "tag": "servicevm",'
        ' "project": "service", "project_domain": "Default"}]}'
    )
    for phase in PHASES:
        subprocess.run(
            ["bash", str(HERE / "stand_in" / "stack.sh"), *phase],
            env={
                **os.environ,
                "FOLDER": str(folder),
                "REAL_BIN": str(Path(sys.executable).parent),
            },
            check=True,
            timeout=100,
        )
    lines = (folder / "calls").read_text().splitlines()
    return [
        shlex.split(line) for line in lines if line.startswith("openstack ")
    ]


def command(words: list[str]) -> tuple[type, list[str]]:
    """The client's command that the words begin with, and its arguments."""
    for count in range(len(words), 1, -1):
        name = "_".join(words[:count])
        if name in NAMES:
            return NAMES[name].load(), words[count:]
    pytest.fail(f"the client has no command: {shlex.join(words)}")


# Of the client's own libraries, when its commands are loaded.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_command_is_one_of_the_real_client_with_these_options(
    calls: list[list[str]],
) -> None:
    assert len(calls) > 20
    for call in calls:
        assert call[:2] == ["openstack", "--os-cloud"]
        found, words = command(call[3:])
        made = found(mock.MagicMock(), None)
        try:
            made.get_parser("openstack").parse_args(words)
        except SystemExit:
            pytest.fail(f"the client does not know: {shlex.join(call)}")
