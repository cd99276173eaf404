from tests.unit.client.conftest import Terminal


def test_list(terminal: Terminal) -> None:
    found = terminal("driver list --kind infra -f json").json()
    assert found == [
        {"Name": "noop", "Kind": "infra", "Description": "Does nothing"}
    ]
    assert len(terminal("driver list -f json").json()) == 2


def test_show_needs_the_kind_where_two_have_the_name(
    terminal: Terminal,
) -> None:
    refused = terminal("driver show noop")
    assert refused.code == 2
    assert "--kind" in refused.err
    found = terminal("driver show --kind mgmt noop -f json").json()
    assert found["kind"] == "mgmt"
    assert found["options_schema"]["type"] == "object"
    assert terminal("driver show nothing").code == 3
