from tests.unit.client.conftest import SCHEMA, Terminal


def test_list_and_show(terminal: Terminal) -> None:
    assert terminal("service type list -f json").json() == [
        {
            "Name": "loadbalancer",
            "Version": 1,
            "Slots": 1,
            "Description": "Balances load",
        }
    ]
    shown = terminal(
        "service type show loadbalancer -f json -c config_schema"
    ).json()
    assert shown == {"config_schema": SCHEMA}
    assert terminal("service type show nothing").code == 3
