"""What is imported is declared, and nothing else is needed."""

import ast
import configparser
import functools
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OURS = {
    "benchmarks",
    "servicevm",
    "servicevm_agent",
    "servicevm_dashboard",
    "servicevmclient",
    "tests",
    "tools",
}

#: Each tree, and which of setup.cfg's lists it may import from. A tree in a
#: tree has its own.
TREES = {
    "servicevm_agent": [],
    "servicevm_dashboard": ["base", "dashboard"],
    "servicevmclient": ["base"],
    "servicevm": ["base", "server", "postgresql"],
    "tests": ["base", "server", "test"],
    "tests/dashboard": ["base", "dashboard", "dashboard-test"],
    "benchmarks": ["base", "server", "test"],
    "tools": ["base", "server", "mysql", "postgresql"],
    "tools/dashboard": ["base", "server", "dashboard", "dashboard-test"],
    "tools/horizon": ["base", "dashboard", "dashboard-test"],
}
#: What Horizon brings, which is in another environment than these tests.
BROUGHT = {"openstack_auth": "horizon", "openstack_dashboard": "horizon"}


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, set[str]]:
    """Names in setup.cfg's lists, by extra; ``base`` has no extra."""
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    lists = {
        "base": setup["options"]["install_requires"],
        **setup["options.extras_require"],
    }
    return {
        extra: {
            normal(match.group())
            for line in text.splitlines()
            if (match := re.match(r"[A-Za-z0-9._-]+", line.strip()))
        }
        for extra, text in lists.items()
    }


def imported(tree: str) -> Iterator[tuple[Path, str]]:
    """Every file and the top-level name of each module it imports."""
    inner = [ROOT / one for one in TREES if one.startswith(f"{tree}/")]
    for path in sorted((ROOT / tree).rglob("*.py")):
        if any(path.is_relative_to(one) for one in inner):
            continue
        for name in _imports(path):
            yield path.relative_to(ROOT), name


@functools.cache
def _imports(path: Path) -> frozenset[str]:
    """Top-level names of the modules that a file imports."""
    found = set()
    for node in _statements(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return frozenset(name.partition(".")[0] for name in found)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements in a node, without what is inside expressions: most of
    a tree, and no place for an import."""
    for name in _BLOCKS:
        for one in getattr(node, name, ()):
            yield one
            yield from _statements(one)


#: Where nodes have statements, or what has some.
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


@functools.cache
def _distributions() -> dict[str, list[str]]:
    """Which distributions bring a module: a look through all of them."""
    return dict(packages_distributions())


@pytest.mark.parametrize("tree", TREES)
def test_every_import_is_declared(tree: str) -> None:
    lists = declared()
    allowed = set().union(*(lists[extra] for extra in TREES[tree]))
    distributions = _distributions()
    undeclared = sorted(
        f"{path}: {module}"
        for path, module in set(imported(tree))
        if module not in sys.stdlib_module_names
        and module not in OURS
        and not (ROOT / path.parent / f"{module}.py").is_file()
        and not {
            normal(one)
            for one in [
                BROUGHT.get(module, module),
                *distributions.get(module, []),
            ]
        }
        & allowed
    )
    assert undeclared == []


def test_every_declaration_is_imported() -> None:
    lists = declared()
    distributions = _distributions()
    used = {
        normal(one)
        for tree in ("servicevm", "servicevmclient")
        for _, module in imported(tree)
        for one in distributions.get(module, [])
    }
    # `pip install servicevm` gives the program `openstack` too.
    programs = {"python-openstackclient"}
    assert (lists["base"] | lists["server"]) - used - programs == set()
