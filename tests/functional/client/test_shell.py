"""The command in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from servicevmclient.testing import FakeServicevm

PROBE = """
import json, sys
from servicevmclient import shell
sys.argv[0] = "servicevm"
try:
    code = shell.main()
except SystemExit:  # --version
    code = 0
kinds = [type(sys.modules[name]).__name__ for name in shell._SELDOM_USED]
json.dump([code, sorted(sys.modules), kinds], sys.stderr)
"""


#: As servicevm-standalone writes it.
CLOUDS = """\
clouds:
  c:
    auth_type: http_basic
    auth:
      endpoint: {url}
      username: admin
      password: secret
    servicevm_api_version: '1'
"""


@pytest.mark.parametrize(
    ("line", "most", "requests"),
    [
        (["device", "list"], 450, 1),
        (["device", "show", "lb"], 480, 1),
        (["--version"], 240, 0),
    ],
    ids=["list", "show", "version"],
)
def test_no_command_pays_for_what_it_does_not_use(
    line: list[str],
    most: int,
    requests: int,
    fake: FakeServicevm,
    tmp_path: Path,
) -> None:
    fake.store.add("devices", {"name": "lb"})
    (tmp_path / "clouds.yaml").write_text(CLOUDS.format(url=fake.url))
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *line],
        cwd=tmp_path,
        env={**_clean(), "HOME": str(tmp_path), "OS_CLOUD": "c"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    result, modules, kinds = json.loads(done.stderr)
    assert result == 0
    assert set(kinds) == {"_Later"}  # none of them was needed
    # Most are hundreds of modules, and none is needed for this.
    assert not {
        "cmd2",
        "jsonschema",
        "netrc",
        "openstack",
        "osc_lib",
        "osc_lib.utils",
        "openstackclient",
        "oslo_utils",
        "prompt_toolkit",
        "yaml",
        *({"wcwidth"} if "list" in line else ()),
    } & set(modules)
    assert len(modules) < most
    assert len(fake.requests) == requests


def test_what_is_seldom_used_is_there_when_it_is() -> None:
    code = (
        "from servicevmclient import shell; shell._make_haste(); "
        "import netaddr, iso8601; "
        "from netaddr.core import AddrFormatError as error; "
        "print(netaddr.IPAddress('192.0.2.1') + 1, "
        "iso8601.parse_date('2026-11-22').day, "
        "error is netaddr.AddrFormatError)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "192.0.2.2 22 True\n"


def _clean() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("OS_")}


#: A shell that runs us in the background has ^C ignored.
INTERRUPTED = (
    "import signal, sys; from servicevmclient import shell; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); "
    "sys.exit(shell.main())"
)


def test_events_are_followed_until_it_is_interrupted(
    fake: FakeServicevm, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            INTERRUPTED,
            *"event list --follow -f json".split(),
        ],
        cwd=tmp_path,
        env={**_clean(), "HOME": str(tmp_path), "OS_ENDPOINT": fake.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for number in range(3):
            fake.store.add(
                "events",
                {
                    "at": f"2026-11-22T10:00:0{number}.000000Z",
                    "type": "device.update",
                    "severity": "INFO",
                    "message": f"It is {number}.",
                },
            )
            # Each is there before the next is written.
            found = json.loads(process.stdout.readline())
            assert found["Message"] == f"It is {number}."
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("device create --template small --wait lb", "device lb: it goes on"),
        ("device delete --wait old", "deletion of device old: it goes on"),
    ],
    ids=["create", "delete"],
)
def test_an_interrupted_wait_says_that_the_rest_goes_on(
    line: str,
    words: str,
    fake: FakeServicevm,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(fake.store, "advance", lambda operation: None)
    fake.store.add("device_templates", {"name": "small"})
    fake.store.add("devices", {"name": "old"})
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            INTERRUPTED,
            *line.split(),
        ],
        cwd=tmp_path,
        env={**_clean(), "HOME": str(tmp_path), "OS_ENDPOINT": fake.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("device ")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert words in err
    assert out == ""
    assert process.returncode == 130
