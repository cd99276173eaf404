"""One application for all tests that take it as it comes.

Building it takes longer than most of them. What it knows is in the database,
of which each test has its own.
"""

from pathlib import Path
from typing import Any

from falcon import testing
from oslo_config import cfg
from oslo_policy import opts

from servicevm import conf as servicevm_conf
from servicevm.api import app
from servicevm.db.quotas import QUOTAS
from servicevm.rpc.base import ConductorApi


class _Present:
    """Whatever is asked, the conductor of the present test is."""

    conductor: ConductorApi

    def __getattr__(self, name: str) -> Any:
        return getattr(self.conductor, name)


_PRESENT: Any = _Present()
_BUILT: list[Any] = []


def options(state_dir: Path) -> cfg.ConfigOpts:
    """As most tests of the API have them."""
    made = servicevm_conf.register(cfg.ConfigOpts())
    opts.set_defaults(made)
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(state_dir))
    made.set_override("auth_strategy", "none", group="api")
    made.set_override("response_validation", True, group="api")
    # Quotas have tests of their own.
    for name in QUOTAS:
        made.set_override(name, -1, group="quota")
    return made


def serve(conductor: ConductorApi) -> testing.TestClient:
    """The application with these options, in front of the conductor.

    A test that wants others builds an application.
    """
    _PRESENT.conductor = conductor
    if not _BUILT:
        # It keeps nothing in files.
        _BUILT.append(app.build(options(Path("/nowhere")), _PRESENT))
    return testing.TestClient(_BUILT[0])
