import json

import pytest

from servicevm.drivers.infra import accelerator, kvm_probe
from servicevm.errors import KVM_UNUSABLE, PermanentError


@pytest.mark.parametrize(
    ("reason", "seconds", "usable"),
    [
        pytest.param(5, 0.0002, True, id="hardware"),
        pytest.param(5, 0.15, False, id="emulated"),
        pytest.param(17, 0.0001, False, id="internal error"),
        pytest.param(10, 2.0, False, id="never ended"),
    ],
)
def test_a_loop_that_ran_fast_to_its_end_is_the_proof(
    reason: int, seconds: float, usable: bool
) -> None:
    assert kvm_probe.judge(reason, seconds)[0] is usable


def keep(path, boot_id: str, usable: bool) -> None:
    path.write_text(
        json.dumps({"boot_id": boot_id, "usable": usable, "why": "kept"})
    )


@pytest.mark.parametrize(
    ("wanted", "usable", "chosen"),
    [
        ("auto", True, "kvm"),
        ("auto", False, "tcg"),
        ("kvm", True, "kvm"),
        ("tcg", True, "tcg"),
    ],
)
def test_the_choice_follows_wish_and_verdict(
    tmp_path, wanted: str, usable: bool, chosen: str
) -> None:
    cache = tmp_path / "kvm.json"
    keep(cache, accelerator.boot_id(), usable)
    assert accelerator.choose(wanted, cache) == chosen


def test_kvm_that_cannot_be_had_is_an_error_with_the_cause(tmp_path) -> None:
    cache = tmp_path / "kvm.json"
    keep(cache, accelerator.boot_id(), False)
    with pytest.raises(PermanentError) as caught:
        accelerator.choose("kvm", cache)
    assert caught.value.reason is KVM_UNUSABLE
    assert "kept" in caught.value.detail


@pytest.mark.parametrize("text", ["", "[]", '{"boot_id": 1}'])
def test_a_verdict_that_is_not_of_this_boot_is_found_anew(
    tmp_path, text: str
) -> None:
    cache = tmp_path / "run" / "kvm.json"
    cache.parent.mkdir()
    cache.write_text(text)
    found = accelerator.cached_probe(cache)
    kept = json.loads(cache.read_text())
    assert kept["boot_id"] == accelerator.boot_id()
    assert kept["usable"] == found.usable
