"""The running service keeps the promises of its own OpenAPI document.

A real servicevm-standalone with noop drivers and basic authentication, and
schemathesis with every check on: data that fits the document and data that
does not, single requests and whole lives of resources that follow the
document's links.

``SCHEMATHESIS_EXAMPLES`` (5) is the number of requests for each operation in
each phase that is random, ``SCHEMATHESIS_SEED`` another seed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.functional.standalone.conftest import Standalone

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "5")
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
#: Seconds; more examples take longer.
LIMIT = 300 + 30 * int(EXAMPLES)

CONFIG = """
[api]
response_validation = true
[quota]
devices = -1
services = -1
vcpus = -1
ram = -1
slots = -1
"""


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[Standalone]:
    made = Standalone(tmp_path, CONFIG)
    made.start()
    yield made
    made.stop()


@pytest.mark.timeout(LIMIT + 30)
def test_the_service_is_what_its_document_says(
    standalone: Standalone,
) -> None:
    clouds = yaml.safe_load((standalone.state_dir / "clouds.yaml").read_text())
    auth = clouds["clouds"]["servicevm"]["auth"]
    url = auth["endpoint"]
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            *("--config-file", str(HERE / "schemathesis.toml")),
            *("run", f"{url}/v1/openapi.json", "--url", url),
            *("--max-examples", EXAMPLES, "--seed", SEED),
            *("--generation-database", "none", "--no-color"),
        ],
        cwd=HERE,
        env={
            **os.environ,
            "SERVICEVM_URL": url,
            "SERVICEVM_USER": auth["username"],
            "SERVICEVM_PASSWORD": auth["password"],
        },
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0, f"seed {SEED}: see above"
    assert "Traceback" not in standalone.log()
