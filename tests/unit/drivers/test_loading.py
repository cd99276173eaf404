from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import conf as options
from servicevm import drivers
from servicevm.drivers.infra.noop import NoopInfraDriver
from servicevm.errors import TEMPLATE_INVALID, PermanentError
from tests.unit.conductor.lab import LateRelay


class Sharing(NoopInfraDriver):
    """Keeps what it is told."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.told: list[int] = []

    def share(self, conductors: int) -> None:
        self.told.append(conductors)


def test_names_come_from_the_entry_points():
    assert {"noop", "qemu"} <= set(drivers.driver_names(drivers.INFRA))
    assert drivers.driver_names(drivers.MGMT) == ["agent", "noop"]


@pytest.mark.parametrize(
    "load", [drivers.infra_class, drivers.mgmt_class], ids=["infra", "mgmt"]
)
def test_an_unknown_name_is_refused_with_those_there_are(load):
    with pytest.raises(PermanentError, match="noop") as caught:
        load("nothing")
    assert caught.value.reason is TEMPLATE_INVALID


def test_every_mgmt_driver_has_a_schema_that_is_one():
    import jsonschema

    for name in drivers.driver_names(drivers.MGMT):
        schema = drivers.mgmt_class(name).options_schema
        jsonschema.Draft202012Validator.check_schema(schema)


def test_infra_drivers_are_told_how_many_conductors_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = options.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(tmp_path))
    monkeypatch.setattr(drivers, "infra_class", lambda name: Sharing)
    found = drivers.Drivers(conf, LateRelay())
    early = found.infra("early")
    for alive in (1, 2, 2, 3):
        found.share(alive)
    late = found.infra("late")
    assert isinstance(early, Sharing)
    assert isinstance(late, Sharing)
    assert early.told == [1, 2, 3]
    assert late.told == [3]
    found.close()
