"""Builds the guest image: without root, from the distribution's packages.

Parts are kept below the cache folder, each under a key over all that it is
made of; nothing that is kept is ever changed in place::

    apt/              private state and archives of apt
    plan-<key>.json   packages and versions, per state of the lists
    base-<key>/       root/, kernel, initrd, state.img, and of the disk that
                      a cloud boots its start and its boot partition
    lock              one build at a time
"""

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from servicevm.errors import (
    DISK_FULL,
    IMAGE_BUILD_FAILED,
    PLATFORM_UNSUPPORTED,
    PermanentError,
    ServicevmError,
)
from servicevm.guest import (
    agent_archive,
    disk_image,
    disks,
    initramfs,
    loader,
    recipe,
    tree,
)
from servicevm.guest.manifest import (
    DISK,
    INITRD,
    KERNEL,
    ROOT,
    STATE,
    Manifest,
    digests,
)
from servicevm.guest.packages import Apt, Package

Progress = Callable[[str], None]

#: Parts of the disk that a cloud boots, in the cache.
_START, _BOOT = "start.bin", "boot.fat"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def default_cache() -> Path:
    """``/var/cache/servicevm`` for root, the XDG cache for others."""
    if os.geteuid() == 0:
        return Path("/var/cache/servicevm/image")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "servicevm" / "image"


def check_platform(release: str | None = None) -> None:
    """Refuse systems whose packages are not those of the recipe.

    :param release: text of /etc/os-release, for tests
    :raises PermanentError: PLATFORM_UNSUPPORTED
    """
    if release is None:
        try:
            release = Path("/etc/os-release").read_text()
        except FileNotFoundError:
            release = ""
    fields = dict(
        line.split("=", 1) for line in release.splitlines() if "=" in line
    )
    found = fields.get("ID", "").strip('"')
    version = fields.get("VERSION_ID", "").strip('"')
    machine = platform.machine()
    if (found, version, machine) != (
        recipe.DISTRIBUTION,
        recipe.RELEASE,
        "x86_64",
    ):
        raise PermanentError(
            PLATFORM_UNSUPPORTED,
            f"This is {found or 'an unknown system'} {version} on {machine}; "
            "the image is made of Debian 12's packages for amd64.",
        )


def _recipe_key() -> str:
    """Changes whenever the code or the data of the build does."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in (".py", ".c", ".h"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@contextlib.contextmanager
def _locked(cache: Path, progress: Progress) -> Iterator[None]:
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Waiting for another build to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _plan(apt: Apt, cache: Path, recipe_key: str) -> list[Package]:
    """Packages and versions, kept per state of the lists."""
    path = cache / f"plan-{_key(recipe_key, apt.fingerprint())}.json"
    if path.exists():
        return [Package(**one) for one in json.loads(path.read_text())]
    packages = apt.resolve(
        [apt.kernel(), *recipe.PACKAGES, *recipe.TOOL_PACKAGES]
    )
    for old in cache.glob("plan-*.json"):
        old.unlink()
    new = path.with_suffix(".new")
    new.write_text(json.dumps([package.to_dict() for package in packages]))
    new.rename(path)
    return packages


def _make_base(
    apt: Apt, packages: list[Package], base: Path, progress: Progress
) -> None:
    """All that does not change with the agent."""
    progress(f"Fetching {len(packages)} packages")
    apt.download(packages)
    progress("Unpacking them")
    archives = {
        package.name: apt.archives / package.file for package in packages
    }
    kernel = [name for name in archives if name.startswith("linux-image-")]
    tree.make_root([archives[name] for name in recipe.PACKAGES], base / "root")
    tree.unpack([archives[name] for name in kernel], base / "kernel-tree")
    progress("Making kernel, initial RAM file systems and state disk")
    (image,) = (base / "kernel-tree" / "boot").glob("vmlinuz-*")
    release = image.name.removeprefix("vmlinuz-")
    shutil.copyfile(image, base / KERNEL)
    (base / "release").write_text(release)
    initramfs.compile_init(base / "init")
    modules = base / "kernel-tree" / "lib" / "modules" / release
    _make_initrd(base, modules, recipe.MODULES, base / INITRD)
    disks.make_state_image(base / STATE)
    progress("Making what a cloud's firmware boots")
    tools = base / "tools"
    tree.unpack([archives[name] for name in recipe.TOOL_PACKAGES], tools)
    (base / _START).write_bytes(loader.start(tools))
    more = recipe.MODULES + recipe.CLOUD_MODULES
    _make_initrd(base, modules, more, tools / "initrd")
    loader.make_boot_partition(
        tools, base / KERNEL, tools / "initrd", base / _BOOT
    )
    shutil.rmtree(base / "kernel-tree")
    shutil.rmtree(tools)


def _make_initrd(
    base: Path, modules: Path, wanted: Sequence[str], target: Path
) -> None:
    found = initramfs.find_modules(modules, wanted)
    initramfs.make_initramfs(base / "init", found, target)


def _base(
    apt: Apt, cache: Path, packages: list[Package], key: str, say: Progress
) -> Path:
    base = cache / f"base-{key}"
    if base.exists():
        return base
    with tempfile.TemporaryDirectory(prefix="new-", dir=cache) as work:
        made = Path(work) / "base"
        made.mkdir()
        _make_base(apt, packages, made, say)
        for old in cache.glob("base-*"):
            shutil.rmtree(old)
        made.rename(base)
    return base


def _put_in_place(made: Path, out_dir: Path) -> None:
    """Swap the folders in one step: nobody sees half of an image, and what
    has the old files open keeps them."""
    if not out_dir.exists():
        made.rename(out_dir)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(
        _AT_FDCWD,
        os.fsencode(made),
        _AT_FDCWD,
        os.fsencode(out_dir),
        _RENAME_EXCHANGE,
    ):
        code = ctypes.get_errno()
        raise PermanentError(
            IMAGE_BUILD_FAILED,
            f"{out_dir} cannot be replaced: {os.strerror(code)}.",
        )


def _make_image(
    base: Path, packages: list[Package], key: str, package: Path, folder: Path
) -> Manifest:
    for name in (KERNEL, INITRD):
        shutil.copyfile(base / name, folder / name)
    # sparse: copyfile would write out its holes
    disks.copy_sparse(base / STATE, folder / STATE)
    with tempfile.TemporaryDirectory(prefix="agent-", dir=base) as work:
        agent = Path(work) / "agent.pyz"
        sources = Path(work) / "sources"
        sources.mkdir()
        agent_archive.make_archive(package, base / "root", sources, agent)
        os.replace(agent, base / "root" / agent_archive.PATH)
    disks.make_root_image(base / "root", folder / ROOT)
    disk_image.make_disk_image(
        (base / _START).read_bytes(),
        base / _BOOT,
        folder / ROOT,
        base / STATE,
        folder / DISK,
    )
    for path in folder.iterdir():
        path.chmod(0o644)
    release = (base / "release").read_text()
    manifest = Manifest(key, release, packages, digests(folder))
    manifest.write(folder)
    return manifest


def build(
    out_dir: Path,
    *,
    progress: Progress,
    cache_dir: Path | None = None,
    agent: Path | None = None,
) -> Manifest:
    """Build the guest image into `out_dir`, or find that it is there.

    The folder appears, or is replaced, in one step.

    :param progress: told in a sentence what is being done
    :param cache_dir: what is kept for the next build; see `default_cache`
    :param agent: folder of the agent's package, where not the installed one
    :raises ServicevmError: PLATFORM_UNSUPPORTED, TOOL_MISSING,
        PACKAGES_UNREACHABLE, IMAGE_BUILD_FAILED, DISK_FULL
    """
    check_platform()
    cache = cache_dir or default_cache()
    package = agent or agent_archive.sources()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        with _locked(cache, progress):
            return _build(out_dir, cache, package, progress)
    except OSError as error:
        reason = (
            DISK_FULL
            if error.errno in (errno.ENOSPC, errno.EDQUOT)
            else IMAGE_BUILD_FAILED
        )
        raise PermanentError(reason, f"{error}.") from error


def _build(
    out_dir: Path, cache: Path, package: Path, progress: Progress
) -> Manifest:
    apt = Apt(cache / "apt")
    progress("Looking for the distribution's packages")
    if not apt.refresh():
        progress("The mirror does not answer; using the lists of before")
    recipe_key = _recipe_key()
    packages = _plan(apt, cache, recipe_key)
    base_key = _key(recipe_key, *(one.sha256 for one in packages))
    key = _key(base_key, agent_archive.fingerprint(package))
    with contextlib.suppress(ServicevmError):
        present = Manifest.read(out_dir)
        if present.key == key:
            progress("The image is up to date")
            return present
    base = _base(apt, cache, packages, base_key, progress)
    progress("Packing the root file system, and all of it as one disk")
    with tempfile.TemporaryDirectory(
        prefix=f".{out_dir.name}-", dir=out_dir.parent
    ) as work:
        made = Path(work) / "image"
        made.mkdir(mode=0o755)
        manifest = _make_image(base, packages, key, package, made)
        _put_in_place(made, out_dir)
    progress(f"The image is in {out_dir}")
    return manifest
