"""Put the tests' pictures into the manual.

::

    .cache/dashboard/bin/python -m pytest \\
        tests/dashboard/browser/test_manual.py
    .cache/dashboard/bin/python -m tools.dashboard.pictures

Those in git are not made anew by every run of the tests: no two runs make
the same bytes.
"""

import shutil
from pathlib import Path

__all__ = ["PICTURES"]

ROOT = Path(__file__).resolve().parents[2]

#: ``.cache/screenshots/manual-NAME.png`` is ``doc/source/images/NAME.png``.
PICTURES = (
    "overview",
    "devices",
    "wizard",
    "statistics",
    "topology",
    "phone",
)


def main() -> None:
    for name in PICTURES:
        taken = ROOT / ".cache" / "screenshots" / f"manual-{name}.png"
        shutil.copyfile(
            taken, ROOT / "doc" / "source" / "images" / f"{name}.png"
        )


if __name__ == "__main__":
    main()
