"""The examples in README.rst and in the manual do what they say.

A block below a line ``.. example: NAME`` is run, from the top of the clone,
against a servicevm-standalone of its own. ``given`` names what is there
before: ``.. example: NAME given template device service``. The noop drivers
stand in for QEMU and the agent; nothing else is changed.
"""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.standalone.conftest import Standalone
from tests.functional.standalone.conftest import (
    standalone as standalone,
)

ROOT = Path(__file__).resolve().parents[3]

EXAMPLE = re.compile(
    r"^\.\. example: (?P<name>\S+)(?: given (?P<given>[a-z ]+))?\n"
    r"\.\. code-block:: (?P<language>\w+)\n\n"
    r"(?P<text>(?:(?:[ ]{3}.*)?\n)+)",
    re.MULTILINE,
)

STAND_INS = {
    "--infra-driver qemu": "--infra-driver noop",
    "--mgmt-driver agent": "--mgmt-driver noop",
    'infra_driver="qemu"': 'infra_driver="noop"',
    'mgmt_driver="agent"': 'mgmt_driver="noop"',
}

#: A manifest that examples name; a copy of it has the stand-ins.
MANIFEST = "examples/shop.yaml"

GIVEN = {
    "template": "device template create --infra-driver noop "
    "--mgmt-driver noop --interface role=ingress,network=user "
    "--service-type loadbalancer --slots 4 lb",
    "device": "device create --template lb --wait 60 lb1",
    "service": "service create --device lb1 --type loadbalancer "
    f"--config {ROOT}/examples/web.yaml --wait 60 web",
}


@dataclass(frozen=True)
class Example:
    """One block of one page."""

    page: Path
    name: str
    given: tuple[str, ...]
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.stem}-{self.name}"

    def commands(self) -> list[str]:
        """What is typed after each ``$``, continuation lines and all."""
        joined = self.text.replace("\\\n", "")
        return [
            line.removeprefix("$ ")
            for line in joined.splitlines()
            if line.startswith("$ ")
        ]


def examples() -> Iterator[Example]:
    for page in [ROOT / "README.rst", *(ROOT / "doc/source").rglob("*.rst")]:
        for found in EXAMPLE.finditer(page.read_text()):
            text = textwrap.dedent(found["text"])
            for ours, stand_in in STAND_INS.items():
                text = text.replace(ours, stand_in)
            yield Example(
                page,
                found["name"],
                tuple((found["given"] or "").split()),
                found["language"],
                text,
            )


def test_every_mark_is_followed_by_a_block_that_is_run() -> None:
    pages = [ROOT / "README.rst", *(ROOT / "doc/source").rglob("*.rst")]
    marks = sum(
        page.read_text().count("\n.. example: ")
        for page in pages
        if page.name != "index.rst"
    )
    assert marks == len(list(examples()))


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_an_example_runs(
    example: Example, standalone: Callable[..., Standalone], tmp_path: Path
) -> None:
    svm = standalone()
    copy = tmp_path / "manifest.yaml"
    copy.write_text(
        (ROOT / MANIFEST)
        .read_text()
        .replace("infra_driver: qemu", "infra_driver: noop")
        .replace("{memory_mib: 192, vcpus: 1}", "{}")
        .replace("mgmt_driver: agent", "mgmt_driver: noop")
    )
    for thing in example.given:
        svm.ok(GIVEN[thing])
    environment = os.environ | {
        "OS_CLOUD": "servicevm",
        "OS_CLIENT_CONFIG_FILE": str(svm.state_dir / "clouds.yaml"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    runs = (
        [["sh", "-ec", command] for command in example.commands()]
        if example.language == "console"
        else [[sys.executable, "-c", example.text]]
    )
    runs = [[*rest, text.replace(MANIFEST, str(copy))] for *rest, text in runs]
    assert runs
    for run in runs:
        done = subprocess.run(
            run,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (
            f"{run[-1]}\n{done.stdout}{done.stderr}\n{svm.log()[-4000:]}"
        )
