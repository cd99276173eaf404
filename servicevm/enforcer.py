"""The rules in force: those of `servicevm.policy` and the operator's file.

oslo.policy parses and judges. Here is what a service that must not fall
over adds: a file with a mistake is refused with a sentence (at the start) or
left alone with a line in the log (later), instead of denying what it cannot
read; and verdicts are remembered for a moment, because one costs a tenth of
a millisecond and most requests ask the same.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_policy import opts, policy

from servicevm.context import RequestContext
from servicevm.errors import FORBIDDEN, PermanentError
from servicevm.policy import list_rules

LOG = log.getLogger(__name__)

#: Seconds for which verdicts hold and the files are not looked at again.
_MOMENT = 1.0

#: Verdicts that are remembered at the most.
_REMEMBERED = 4096

#: Loggers that tell of a broken rule with a traceback; we say it ourselves.
_NOISY = ("oslo_policy._parser", "oslo_policy.policy")

Stamp = tuple[tuple[str, int, int], ...]


class PolicyError(Exception):
    """The operator's policy cannot be used; the text names file and rule."""


class Policy:
    """Who may do what; thread-safe.

    :raises PolicyError: a file is missing, unreadable or wrong
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        opts.set_defaults(conf)
        # It registers the options.
        policy.Enforcer(conf)
        self._conf = conf
        self._lock = threading.Lock()
        self._stamp = _stamp(conf)
        self._enforcer = _load(conf)
        for name in self.unknown():
            LOG.warning("The policy file has the unknown rule %s.", name)
        self._verdicts: dict[tuple[Any, ...], bool] = {}
        self._until = time.monotonic() + _MOMENT

    def allows(
        self,
        context: RequestContext,
        rule: str,
        target: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether the rule allows the caller.

        :param rule: without the leading ``servicevm:``
        :param target: what it is about, see `RequestContext.target`; what
            is the caller's own if None
        """
        if time.monotonic() >= self._until:
            self._look()
        verdicts = self._verdicts
        asked = None if target is None else tuple(target.items())
        key = (rule, context.policy_key, asked)
        verdict = verdicts.get(key)
        if verdict is None:
            verdict = bool(
                self._enforcer.enforce(
                    f"servicevm:{rule}",
                    context.target() if target is None else dict(target),
                    context,
                )
            )
            if len(verdicts) >= _REMEMBERED:
                verdicts.clear()
            verdicts[key] = verdict
        return verdict

    def enforce(
        self,
        context: RequestContext,
        rule: str,
        target: Mapping[str, Any] | None = None,
    ) -> None:
        """As `allows`.

        :raises PermanentError: FORBIDDEN, with the rule's name
        """
        if not self.allows(context, rule, target):
            raise PermanentError(
                FORBIDDEN, f"The policy rule servicevm:{rule} refuses this."
            )

    def unknown(self) -> list[str]:
        """Rules in the files that look like ours and are not."""
        known = {rule.name for rule in list_rules()}
        return sorted(
            name
            for name in self._enforcer.file_rules
            if name.startswith("servicevm:") and name not in known
        )

    def _look(self) -> None:
        """Forget verdicts, and read the files again if they changed."""
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                return
            stamp = _stamp(self._conf)
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._enforcer = _load(self._conf)
                    LOG.info("The policy was read anew.")
                except PolicyError as error:
                    LOG.error("%s The policy from before stays.", error)
            self._verdicts = {}
            self._until = now + _MOMENT


def _load(conf: cfg.ConfigOpts) -> policy.Enforcer:
    """An enforcer that has read the files and found them right.

    :raises PolicyError: it did not
    """
    named = conf.oslo_policy.policy_file
    told = conf.get_location("policy_file", "oslo_policy")
    chosen = told is not None and told.location.is_user_controlled
    if chosen and conf.find_file(named) is None:
        raise PolicyError(f"The policy file {named} does not exist.")
    for path in files(conf):
        _check(path)
    enforcer = policy.Enforcer(conf)
    enforcer.register_defaults(list_rules())
    with _quiet():
        enforcer.load_rules()
        try:
            enforcer.check_rules(raise_on_violation=True)
        except policy.InvalidDefinitionError as error:
            raise PolicyError(
                f"A policy rule refers to one that does not exist, or to "
                f"itself: {error}"
            ) from error
    # The files are looked at here from now on.
    enforcer.use_conf = False
    return enforcer


def _check(path: Path) -> None:
    """Refuse a file with a mistake; oslo.policy would deny, and go on.

    :raises PolicyError: with the file, and the rule if it is in one
    """
    try:
        found = policy.parse_file_contents(path.read_text())
    except (OSError, ValueError) as error:
        raise PolicyError(
            f"The policy file {path} can not be read: {error}"
        ) from error
    if not isinstance(found, dict):
        raise PolicyError(
            f"The policy file {path} is not a mapping of names to rules."
        )
    for name, text in found.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise PolicyError(
                f"The policy file {path}: the rule {name} is not a text."
            )
        with _quiet():
            check = policy.RuleDefault(name, text).check
        if "!" not in text and "!" in str(check).replace("!=", ""):
            raise PolicyError(
                f"The policy file {path}: the rule {name} can not be "
                f"understood: {text}"
            )


def files(conf: cfg.ConfigOpts) -> list[Path]:
    """The operator's files that exist, in the order they are read."""
    found = []
    main = conf.find_file(conf.oslo_policy.policy_file)
    if main:
        found.append(Path(main))
    for name in conf.oslo_policy.policy_dirs:
        folder = conf.find_file(name)
        if folder:
            found += sorted(
                path
                for path in Path(folder).iterdir()
                if path.is_file() and not path.name.startswith(".")
            )
    return found


def _stamp(conf: cfg.ConfigOpts) -> Stamp:
    """What changes where a file changes, comes or goes."""
    found = []
    for path in files(conf):
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _NOISY]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
