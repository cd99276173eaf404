import jsonschema
import pytest

from servicevm.drivers.infra.base import Footprint
from servicevm.drivers.infra.nova.driver import NovaInfraDriver
from servicevm.errors import TEMPLATE_INVALID, PermanentError

MGMT = {"role": "mgmt", "network": "lab-mgmt"}


@pytest.fixture
def driver(conf):
    return NovaInfraDriver(conf)


@pytest.mark.parametrize(
    ("options", "interfaces"),
    [
        ({}, [MGMT]),
        ({"image": "guest"}, [MGMT, {"role": "ingress"}]),
        ({"owner": "tenant", "root_volume_gib": 2}, []),
        ({"image_tag": "servicevm"}, [{"role": "ingress", "network": "x"}]),
    ],
)
def test_templates_that_can_work(driver, options, interfaces) -> None:
    jsonschema.validate(options, driver.options_schema)
    driver.validate_template(options, interfaces)


@pytest.mark.parametrize(
    ("options", "interfaces", "field"),
    [
        ({"image": "a", "image_tag": "b"}, [MGMT], "infra_options/image_tag"),
        ({}, [MGMT, {"role": "mgmt"}], "interfaces/1/network"),
        ({}, [{**MGMT, "cidr": "192.0.2.0/24"}], "interfaces/0/cidr"),
        ({}, [MGMT] * 17, "interfaces"),
    ],
)
def test_templates_that_cannot_work(
    driver, options, interfaces, field
) -> None:
    with pytest.raises(PermanentError) as caught:
        driver.validate_template(options, interfaces)
    assert caught.value.reason is TEMPLATE_INVALID
    assert list(caught.value.fields) == [field]


@pytest.mark.parametrize(
    "options",
    [
        {"flavour": "x"},
        {"vcpus": 0},
        {"owner": "nobody"},
        {"security_groups": ["a", "a"]},
        {"root_volume_gib": 0},
    ],
)
def test_wrong_options_do_not_fit_the_schema(driver, options) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options, driver.options_schema)


def test_the_footprint_is_what_the_template_says(driver) -> None:
    assert driver.footprint({}) == Footprint(1, 256)
    assert driver.footprint({"vcpus": 2, "memory_mib": 512}) == Footprint(
        2, 512
    )


def test_without_a_cloud_there_is_nothing_to_sweep_up(driver) -> None:
    assert driver.device_ids() == set()


def test_a_device_without_a_cloud_says_what_is_missing(driver) -> None:
    with pytest.raises(PermanentError, match="auth_type") as caught:
        driver.delete_leftover("some device")
    assert caught.value.reason.code == "cloud_not_configured"
