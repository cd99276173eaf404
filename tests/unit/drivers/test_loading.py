import pytest

from servicevm import drivers
from servicevm.errors import TEMPLATE_INVALID, PermanentError


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
