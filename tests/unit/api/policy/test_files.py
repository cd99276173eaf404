"""The operator's policy file: right, wrong, and changed while we serve."""

import logging
import os
from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import enforcer
from servicevm.cmd import policy_generator, policy_validator
from servicevm.context import RequestContext
from servicevm.db import models
from servicevm.policy import list_rules
from tests.unit.api import requests
from tests.unit.api.policy.personas import World, as_, ask, service_body

READER = RequestContext(
    user_id="u", project_id="mine", roles=["reader"], overwrite=False
)


@pytest.fixture
def file(
    conf: cfg.ConfigOpts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    # Files are looked at again at once, not after a second.
    monkeypatch.setattr(enforcer, "_MOMENT", 0.0)
    path = tmp_path / "policy.yaml"
    path.write_text("{}\n")
    conf.set_override("policy_file", str(path), group="oslo_policy")
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "can not be read"),
        ("- a", "is not a mapping"),
        ("servicevm:device:list: 3", "rule servicevm:device:list is not"),
        ("servicevm:device:list: foo", "can not be understood: foo"),
        ("servicevm:device:list: role:x or (", "can not be understood"),
        ("servicevm:device:list: role:x or foo", "can not be understood"),
        ("servicevm:device:list: rule:nothing", "servicevm:device:list"),
        ("a: rule:b\nb: rule:a", "or to itself"),
    ],
    ids=[
        "YAML",
        "list",
        "number",
        "no check",
        "bracket",
        "half",
        "undefined",
        "circle",
    ],
)
def test_a_file_with_a_mistake_is_refused(
    conf: cfg.ConfigOpts,
    file: Path,
    text: str,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file.write_text(text)
    with pytest.raises(enforcer.PolicyError, match=r"\.") as caught:
        enforcer.Policy(conf)
    assert words in str(caught.value)
    assert not [record for record in caplog.records if record.exc_info]


def test_who_may_not_see_a_service_is_not_told_its_name(
    file: Path, world: World
) -> None:
    body = service_body(world.device, config=requests.config(80))
    taken = ask(world.api, "POST", "/v1/services", as_("member"), body)
    assert taken.status_code == 202, taken.text
    body["service"]["name"] = "another"
    for text, words in (
        ("{}\n", f"Service web ({taken.json['service']['id']}) of"),
        ("servicevm:service:show: rule:admin\n", "Another service of"),
    ):
        file.write_text(text)
        answer = ask(world.api, "POST", "/v1/services", as_("member"), body)
        error = requests.refused(answer, 409, "port_taken")
        (sentence,) = error["fields"].values()
        assert sentence.startswith(words)
        assert ("web" in sentence) == ("web" in words)


def test_of_what_one_may_not_list_nothing_comes_along_with_the_counts(
    file: Path, world: World
) -> None:
    requests.become(models.Device, world.device, operating_status="DEAD")
    for rules, seen in (
        ((), ("devices", "running", "quota")),
        (("device:list",), ("running", "quota")),
        (("operation:list",), ("devices", "quota")),
        (("quota:show",), ("devices", "running")),
    ):
        file.write_text(
            "".join(f"servicevm:{rule}: '!'\n" for rule in rules) or "{}\n"
        )
        answer = ask(
            world.api,
            "GET",
            "/v1/summary?include=failing&include=running&include=quota",
            as_("member"),
        )
        assert answer.status_code == 200, answer.text
        found = answer.json["summary"]
        told = {**found, **found["failing"]}
        for key in ("devices", "running", "quota"):
            assert bool(told[key]) == (key in seen), (rules, key)


def test_a_file_that_is_named_has_to_be_there(
    conf: cfg.ConfigOpts, file: Path, tmp_path: Path
) -> None:
    named = tmp_path / "servicevm.conf"
    named.write_text("[oslo_policy]\npolicy_file = nothing.yaml\n")
    conf(["--config-file", str(named)], project="servicevm")
    conf.clear_override("policy_file", group="oslo_policy")
    with pytest.raises(enforcer.PolicyError, match="does not exist"):
        enforcer.Policy(conf)


def test_an_unknown_rule_is_told_of(
    conf: cfg.ConfigOpts, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text("servicevm:device:lst: '!'\nmine: role:x\n")
    enforcer.Policy(conf)
    assert "servicevm:device:lst" in caplog.text
    assert "mine" not in caplog.text


def test_nobody_is_said_with_an_exclamation_mark(
    conf: cfg.ConfigOpts, file: Path
) -> None:
    file.write_text("servicevm:device:list: '!'\n")
    assert not enforcer.Policy(conf).allows(READER, "device:list")


def test_a_change_holds_without_a_restart(
    conf: cfg.ConfigOpts, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = enforcer.Policy(conf)
    assert rules.allows(READER, "device:list")
    assert not rules.allows(READER, "device:create")
    _replace(file, "servicevm:device:create: role:reader\n")
    assert rules.allows(READER, "device:create")
    # A mistake leaves what was there.
    _replace(file, "servicevm:device:create: oops\n")
    with caplog.at_level(logging.ERROR):
        assert rules.allows(READER, "device:create")
        assert rules.allows(READER, "device:create")
    told = [one for one in caplog.records if "stays" in one.message]
    assert len(told) == 1
    _replace(file, "{}\n")
    assert not rules.allows(READER, "device:create")


def test_verdicts_are_bounded(
    conf: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforcer, "_REMEMBERED", 10)
    rules = enforcer.Policy(conf)
    for number in range(30):
        target = {**READER.target(), "user_id": str(number)}
        assert rules.allows(READER, "device:show", target)
    assert len(rules._verdicts) <= 10


def _replace(path: Path, text: str) -> None:
    """As an editor does; the time tells even within one tick."""
    stamp = path.stat().st_mtime_ns + 1_000_000
    path.write_text(text)
    os.utime(path, ns=(stamp, stamp))


def test_the_validator_tells_right_from_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    named, rules = tmp_path / "servicevm.conf", tmp_path / "policy.yaml"
    named.write_text(f"[oslo_policy]\npolicy_file = {rules}\n")
    monkeypatch.setattr(policy_validator.cfg, "CONF", cfg.ConfigOpts())
    for text, code, words in (
        ("servicevm:device:list: role:x", 0, f"right. Files: {rules}"),
        ("servicevm:device:list: x", 1, "can not be understood"),
        ("servicevm:device:lst: role:x", 1, "no rule servicevm:device:lst"),
    ):
        rules.write_text(text)
        assert policy_validator.main([f"--config-file={named}"]) == code
        told = capsys.readouterr()
        assert words in (told.err if code else told.out)


def test_the_generator_writes_every_rule(tmp_path: Path) -> None:
    path = tmp_path / "sample.yaml"
    assert policy_generator.main([f"--output-file={path}"]) == 0
    text = path.read_text()
    for rule in list_rules():
        assert f'#"{rule.name}"' in text
