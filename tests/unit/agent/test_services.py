"""Service types are found, also where there is no folder."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import servicevm_agent
from servicevm_agent.services import Factories


def test_each_service_type_of_the_folder_is_found() -> None:
    assert list(Factories()) == ["loadbalancer"]


def test_they_are_found_in_a_zip_archive_too(tmp_path: Path) -> None:
    package = Path(servicevm_agent.__file__).parent
    archive = tmp_path / "agent.pyz"
    with zipfile.ZipFile(archive, "w") as out:
        for path in package.rglob("*.py"):
            out.write(path, path.relative_to(package.parent))
        out.writestr(
            "__main__.py",
            "from servicevm_agent.services import Factories\n"
            "print(list(Factories()))\n",
        )
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-E", str(archive)],
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert ended.stdout == b"['loadbalancer']\n"


def test_the_agent_imports_nothing_heavy() -> None:
    heavy = "asyncio urllib.request http logging argparse email json.tool"
    code = (
        "import sys, servicevm_agent.__main__;"
        f"print([m for m in {heavy.split()} if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(servicevm_agent.__file__).parents[1],
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert ended.stdout == b"[]\n"


def test_the_sources_are_python_3_9() -> None:
    package = Path(servicevm_agent.__file__).parent
    for path in package.rglob("*.py"):
        ast.parse(path.read_text(), str(path), feature_version=(3, 9))
