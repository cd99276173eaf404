"""Debian packages through apt, beside the system's own apt.

State and cache are private folders: it works as an ordinary user, on a
machine without package lists, and never waits for or holds apt's locks.
The mirrors are those of /etc/apt; sources of others are left out.
"""

import hashlib
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from servicevm.errors import (
    IMAGE_BUILD_FAILED,
    PACKAGES_UNREACHABLE,
    PermanentError,
    TransientError,
)
from servicevm.guest import recipe
from servicevm.guest.command import run

#: Seconds until the lists are fetched again.
LISTS_AGE = 24 * 3600
_UPDATE_TIMEOUT = 180.0
_DOWNLOAD_TIMEOUT = 900.0
_URI = re.compile(
    r"'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>\d+) (?P<hash>\S+)"
)


@dataclass(frozen=True)
class Package:
    """One package as the signed lists describe it.

    :param file: name of its file in the cache
    """

    name: str
    version: str
    sha256: str
    file: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Apt:
    """apt with everything of its own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._lists = folder / "state" / "lists"
        self.archives = folder / "archives"
        self._sources = folder / "sources.list"
        for made in (
            self._lists / "partial",
            self.archives / "partial",
            folder / "cache",
        ):
            made.mkdir(parents=True, exist_ok=True)
        (folder / "state" / "status").touch()
        settings = {
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "state" / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Cache::archives": self.archives,
            "Dir::Etc::sourcelist": self._sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "20",
            "APT::Architecture": recipe.ARCHITECTURE,
            "APT::Architectures": recipe.ARCHITECTURE,
            "APT::Install-Recommends": "false",
            # root would hand the download to a user that cannot write here
            "APT::Sandbox::User": "root",
        }
        self._options = [f"-o{key}={value}" for key, value in settings.items()]

    def _get(
        self, *arguments: str, timeout: float, cwd: Path | None = None
    ) -> str:
        return run(
            ["apt-get", "-q", *self._options, *arguments],
            package="apt",
            timeout=timeout,
            cwd=cwd,
        )

    def _mirrors(self) -> list[tuple[str, str]]:
        """URIs and suites of the release in /etc/apt, or the defaults."""
        listed = run(
            [
                "apt-get",
                "indextargets",
                "--no-release-info",
                "--format",
                "$(REPO_URI) $(RELEASE) $(COMPONENT) $(IDENTIFIER)",
            ],
            package="apt",
            timeout=30,
        )
        found = []
        for line in listed.splitlines():
            uri, _, rest = line.partition(" ")
            suite, _, rest = rest.partition(" ")
            if suite in recipe.SUITES and rest == "main Packages":
                found.append((uri, suite))
        if not any(suite == recipe.SUITES[0] for _, suite in found):
            found = list(recipe.DEFAULT_SOURCES)
        return sorted(set(found))

    def refresh(self, *, at_most: float = LISTS_AGE) -> bool:
        """Fetch the lists where they are missing or older than `at_most`.

        :returns: whether they are fresh; False where the mirror does not
            answer but older lists are there
        :raises TransientError: PACKAGES_UNREACHABLE
        """
        stamp = self._lists / "fetched"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < at_most:
            return True
        self._sources.write_text(
            "".join(
                f"deb [arch={recipe.ARCHITECTURE} signed-by={recipe.KEYRING}]"
                f" {uri} {suite} main\n"
                for uri, suite in self._mirrors()
            )
        )
        try:
            self._get(
                "-oAPT::Update::Error-Mode=any",
                "update",
                timeout=_UPDATE_TIMEOUT,
            )
        except PermanentError as error:
            if error.reason is not IMAGE_BUILD_FAILED:
                raise
            if stamp.exists():
                return False
            raise TransientError(PACKAGES_UNREACHABLE, error.detail) from error
        stamp.touch()
        return True

    def fingerprint(self) -> str:
        """Changes whenever the mirror's lists do."""
        digest = hashlib.sha256()
        for path in sorted(self._lists.glob("*Release")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def kernel(self) -> str:
        """Name of the package that holds the present kernel."""
        shown = run(
            [
                "apt-cache",
                *self._options,
                "depends",
                recipe.KERNEL_METAPACKAGE,
            ],
            package="apt",
            timeout=60,
        )
        found = re.search(r"Depends: (linux-image-\S+)", shown)
        if found is None:
            raise PermanentError(
                IMAGE_BUILD_FAILED,
                f"{recipe.KERNEL_METAPACKAGE} names no kernel.",
            )
        return found.group(1)

    def resolve(self, names: list[str]) -> list[Package]:
        """Newest version of each package, sorted by name."""
        shown = self._get("download", "--print-uris", *names, timeout=60)
        found = []
        for line in shown.splitlines():
            match = _URI.fullmatch(line.strip())
            if match is None:
                continue
            file = match["file"]
            name, version, _ = file.split("_")
            algorithm, _, digest = match["hash"].partition(":")
            if algorithm != "SHA256":
                raise PermanentError(
                    IMAGE_BUILD_FAILED, f"{name} has no SHA-256 in the lists."
                )
            version = version.replace("%3a", ":")
            found.append(Package(name, version, digest.lower(), file))
        missing = set(names) - {package.name for package in found}
        if missing:
            raise PermanentError(
                IMAGE_BUILD_FAILED,
                f"The lists have no {', '.join(sorted(missing))}.",
            )
        return sorted(found, key=lambda package: package.name)

    def download(self, packages: list[Package]) -> None:
        """Bring every package into `archives`, verified.

        :raises TransientError: PACKAGES_UNREACHABLE
        """
        wanted = [
            package for package in packages if not self._present(package)
        ]
        if not wanted:
            return
        try:
            # It writes to its working directory and nowhere else.
            self._get(
                "download",
                *(f"{package.name}={package.version}" for package in wanted),
                timeout=_DOWNLOAD_TIMEOUT,
                cwd=self.archives,
            )
        except PermanentError as error:
            if error.reason is not IMAGE_BUILD_FAILED:
                raise
            raise TransientError(PACKAGES_UNREACHABLE, error.detail) from error
        for package in wanted:
            if not self._present(package):
                raise TransientError(
                    PACKAGES_UNREACHABLE,
                    f"{package.file} did not arrive as the lists say.",
                )

    def _present(self, package: Package) -> bool:
        path = self.archives / package.file
        return path.exists() and sha256_file(path) == package.sha256
