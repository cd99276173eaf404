"""``servicevm``: the commands without the weight of ``openstack``.

Nearly all the time of a command is that of imports. This module imports
next to nothing, and the rest after `_make_haste`.
"""

import gc
import sys
from collections.abc import Iterable
from importlib import util
from types import ModuleType
from typing import Any

#: What keystoneauth1 imports and a command hardly ever uses: executed when
#: used, which spares 0.01 s (2026-11).
_SELDOM_USED = ("iso8601", "netaddr")
#: New objects until garbage is looked for: about what a command makes.
_COLLECT_AFTER = 100_000


def main(argv: Iterable[str] | None = None, **streams: Any) -> int:
    """Run a command line; return its exit code.

    :param argv: without the program's name; None for the process's own,
        which is then taken to end with the command
    :param streams: stdin, stdout and stderr in place of the process's
    """
    own = argv is None
    if own:
        _make_haste()
    from servicevmclient.application import Shell

    try:
        shell = Shell(**streams)
        return shell.run(list(sys.argv[1:] if argv is None else argv))
    finally:
        if own:
            # The process ends: nothing is worth a last look for garbage.
            gc.freeze()


class _Later(ModuleType):
    """A module that is executed when something of it is asked for.

    Not `importlib.util.LazyLoader`: up to Python 3.13 its module is
    executed when it is imported once more.
    """

    def __getattr__(self, name: str) -> Any:
        self.__class__ = ModuleType  # type: ignore[assignment]
        if self.__spec__ is not None and self.__spec__.loader is not None:
            self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _make_haste() -> None:
    """Prepare a process that lives for one command."""
    gc.set_threshold(_COLLECT_AFTER)
    for name in _SELDOM_USED:
        spec = None if name in sys.modules else util.find_spec(name)
        if spec is None or spec.loader is None:
            continue
        module = sys.modules[name] = util.module_from_spec(spec)
        module.__class__ = _Later


if __name__ == "__main__":
    sys.exit(main())
