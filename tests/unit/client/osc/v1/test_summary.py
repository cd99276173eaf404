from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


def test_it_counts_for_people_and_for_programs(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    template = fake.store.add("device_templates", {"name": "small"})
    for name, status in (("a", "ONLINE"), ("b", "DEAD"), ("c", "DEAD")):
        fake.store.add(
            "devices",
            {
                "name": name,
                "template_id": template["id"],
                "operating_status": status,
            },
        )
    shown = terminal("summary show").out
    assert "| ONLINE 1, DEAD 2" in shown
    assert f"id={template['id']} name=small count=3" in shown
    found = terminal("summary show -f json").json()
    assert found["devices"] == 3
    assert found["devices_by_provisioning_status"]["ERROR"] == 0
    assert found["devices_by_operating_status"]["DEAD"] == 2
    assert found["services_by_type"] == {}


def test_it_is_of_the_projects_that_are_asked_for(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "a"})
    for options, count in (("--project other", 0), ("--all-projects", 1)):
        found = terminal(f"summary show -f json {options}").json()
        assert found["devices"] == count
    assert [target for _, target in fake.requests] == [
        "/v1/summary?project_id=other",
        "/v1/summary?all_projects=true",
    ]
