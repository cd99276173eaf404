from servicevmclient.osc._cells import printable
from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


def test_it_is_written_as_it_is(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    device = fake.store.add("devices", {"name": "a"})
    result = terminal("device console log show --max-bytes 10 a")
    assert result.out == "Booting a\n"
    assert fake.requests[-1][1].endswith("/console-log?max_bytes=10")
    fake.store.consoles[device["id"]] = "login: "
    assert terminal("device console log show a").out == "login: \n"


def test_a_console_cannot_command_the_terminal() -> None:
    text = "ok\r\n\x1b[2J\x1b]0;title\x07\ttab \x9b31m é\n"
    assert printable(text) == "ok\n[2J]0;title\ttab 31m é\n"


def test_to_follow_ends_when_it_is_told_to(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "a"})
    # What is there is shown, however long that took.
    result = terminal("device console log show --follow --until 2020-01-01 a")
    assert result.code == 0
    assert result.out == "Booting a\n"


def test_what_does_not_go_together_is_a_usage_error(
    terminal: Terminal,
) -> None:
    for options in ("--follow --max-bytes 9", "--until 2h"):
        assert terminal(f"device console log show {options} a").code == 2
