"""The manual's page about the dashboard names what there is."""

import re
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands

import servicevm_dashboard
from servicevm_dashboard import live

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "doc" / "source" / "dashboard.rst").read_text()


def test_its_settings_are_those_of_horizon() -> None:
    named = set(re.findall(r"``([A-Z][A-Z_]+[A-Z])``", PAGE))
    named -= {"HORIZON"}
    ours = {name for name in named if name.startswith("SERVICEVM_")}
    assert len(named - ours) > 5
    assert not [name for name in named - ours if not hasattr(settings, name)]
    code = Path(live.__file__).read_text()
    assert ours == set(re.findall(r'settings, "(\w+)"', code))


def test_its_commands_are_there() -> None:
    django = set(re.findall(r"python -m django\s+(\w+)", PAGE))
    assert django == {"collectstatic", "compress", "compilemessages"}
    assert django <= set(get_commands())
    make = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:``|\$ )make ([a-z-]+)", PAGE):
        assert f"\n{target}:" in make, target
    for module in re.findall(r"python -m (tools[.\w]+)", PAGE):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


def test_what_it_tells_to_copy_is_there_and_all_of_it() -> None:
    package = Path(servicevm_dashboard.__path__[0])
    told = re.findall(r"cp \$HERE/(\S+)", PAGE)
    copied = {path for glob in told for path in package.glob(glob)}
    assert copied == {
        path
        for folder in ("enabled", "local_settings.d")
        for path in (package / folder).glob("*.py")
        if path.name != "__init__.py"
    }
