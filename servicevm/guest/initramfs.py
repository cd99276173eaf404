"""The initial RAM file system: one static program and a few modules."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from servicevm.errors import IMAGE_BUILD_FAILED, PermanentError
from servicevm.guest import recipe
from servicevm.guest.command import run

_SOURCES = tuple(
    Path(__file__).with_name(name) for name in ("init.c", "storage.c")
)
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


def compile_init(target: Path) -> None:
    """Compile PID 1.

    :raises PermanentError: TOOL_MISSING where there is no compiler
    """
    root = ",".join(f"{byte:#x}" for byte in uuid.UUID(recipe.ROOT_UUID).bytes)
    run(
        [
            "gcc",
            f"-DROOT_UUID={root}",
            f"-DMIN_MEMORY_MIB={recipe.MIN_MEMORY}",
            f"-DMIN_USABLE_MIB={recipe.MIN_USABLE_MEMORY}",
            "-static",
            "-Os",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-s",
            "-Wl,--build-id=none",
            "-o",
            str(target),
            *map(str, _SOURCES),
        ],
        package="gcc and libc6-dev",
        timeout=120,
    )


def load_order(
    wanted: Sequence[str], depends: Mapping[str, Sequence[str]]
) -> list[str]:
    """`wanted` and all they depend on, each after its dependencies.

    :param depends: module to the modules it needs; a module that is not in
        it is built into the kernel
    """
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order or name not in depends:
            return
        for needed in depends[name]:
            visit(needed)
        order.append(name)

    for name in wanted:
        visit(name)
    return order


def find_modules(folder: Path, wanted: Sequence[str]) -> list[Path]:
    """Files of `wanted` and of all they need, in load order.

    :param folder: ``lib/modules/<release>`` of a kernel package
    """
    files = {
        path.stem.replace("-", "_"): path for path in folder.rglob("*.ko")
    }
    missing = [name for name in wanted if name not in files]
    if missing:
        raise PermanentError(
            IMAGE_BUILD_FAILED,
            f"The kernel has no module {', '.join(missing)}.",
        )
    depends: dict[str, list[str]] = {}
    queue = list(wanted)
    while queue:
        name = queue.pop()
        if name in depends or name not in files:
            continue
        found = _DEPENDS.search(files[name].read_bytes())
        names = found.group(1).decode().split(",") if found else []
        depends[name] = [one.replace("-", "_") for one in names if one]
        queue += depends[name]
    return [files[name] for name in load_order(wanted, depends)]


def _entry(number: int, name: str, mode: int, data: bytes) -> bytes:
    """One entry of the "newc" format; see cpio(5)."""
    path = name.encode() + b"\0"
    fields = (
        number,
        mode,
        0,  # uid
        0,  # gid
        1,  # links
        0,  # time
        len(data),
        0,
        0,
        0,
        0,
        len(path),
        0,
    )
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    head = header + path
    head += bytes(-len(head) % 4)
    return head + data + bytes(-len(data) % 4)


def cpio(entries: Sequence[tuple[str, int, bytes]]) -> bytes:
    """An archive of ``(name, mode, data)``, the same for the same input."""

    def parts() -> Iterator[bytes]:
        for number, (name, mode, data) in enumerate(entries, 1):
            yield _entry(number, name, mode, data)
        yield _entry(0, "TRAILER!!!", 0, b"")

    return b"".join(parts())


def make_initramfs(init: Path, modules: Sequence[Path], target: Path) -> None:
    """Write it uncompressed: it is small, and the guest is slow."""
    order = "".join(f"{path.name}\n" for path in modules)
    entries = [
        ("init", 0o100755, init.read_bytes()),
        ("modules", 0o040755, b""),
        ("modules/order", 0o100644, order.encode()),
        *(
            (f"modules/{path.name}", 0o100644, path.read_bytes())
            for path in modules
        ),
    ]
    target.write_bytes(cpio(entries))
