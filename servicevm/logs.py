"""The log: set up alike in every process, each line with its request's id.

The id is that of the thread's oslo.context, from which oslo.log takes it::

    LOG.info("Seen by nobody's request.")
    with about("req-6f1c..."):
        LOG.info("Seen by grep req-6f1c.")

A process sets its log up once: `register` before the configuration is read,
`setup` after it.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from oslo_config import cfg
from oslo_context import context
from oslo_log import log

__all__ = [
    "about",
    "carried",
    "enter",
    "leave",
    "register",
    "request_id",
    "resume",
    "setup",
    "shown",
]

#: Form of a request id; it goes into logs, so nothing else is taken for one.
REQUEST_ID = re.compile(r"req-[0-9a-fA-F-]{36}\Z")

_NAME = re.compile(r"[A-Za-z0-9._@:-]{1,255}\Z")

#: What other processes are told of a request, and the form it must have.
_CARRIED = {
    "request_id": REQUEST_ID,
    "global_request_id": REQUEST_ID,
    "user_id": _NAME,
    "project_id": _NAME,
}

#: Megabytes of a log file after which the next one is begun, and how many
#: of them are kept.
_FILE_MB = 100
_FILES = 10

#: Most characters of what somebody else wrote.
_LONGEST = 256


def _nobody() -> context.RequestContext:
    made = context.RequestContext(overwrite=False)
    made.request_id = None  # type: ignore[assignment]  # as logged: none
    return made


#: What a thread has that works for no request; oslo.context knows no way to
#: take a thread's context away.
_NOBODY = _nobody()


def register(conf: cfg.ConfigOpts) -> None:
    """Register oslo.log's options with our defaults.

    The log goes to standard error; where ``log_file`` is set, its size is
    bounded.
    """
    log.register_options(conf)
    # Standard output has what a program says; a pipe that nobody reads must
    # not hold the service up.
    conf.set_default("use_stderr", True)
    conf.set_default("log_rotation_type", "size")
    conf.set_default("max_logfile_size_mb", _FILE_MB)
    conf.set_default("max_logfile_count", _FILES)
    log.set_defaults(
        default_log_levels=[
            *log.get_default_log_levels(),
            "alembic=WARN",
            "qemu=WARN",
        ]
    )


def setup(conf: cfg.ConfigOpts) -> None:
    """Begin to write the log as `conf` says."""
    log.setup(conf, "servicevm")


def shown(text: str) -> str:
    """What somebody else wrote, bounded, and without a line of its own."""
    text = text[:_LONGEST]
    return text if text.isprintable() else ascii(text)


def enter(
    request_id: str | None,
    *,
    global_request_id: str | None = None,
    user_id: str | None = None,
    project_id: str | None = None,
) -> None:
    """From now on this thread works for a request; None for none."""
    if not request_id:
        _NOBODY.update_store()
        return
    context.RequestContext(
        request_id=request_id,
        global_request_id=global_request_id,
        user_id=user_id,
        project_id=project_id,
        overwrite=True,
    )


def leave() -> None:
    """From now on this thread works for no request."""
    _NOBODY.update_store()


@contextlib.contextmanager
def about(
    request_id: str | None,
    *,
    global_request_id: str | None = None,
    user_id: str | None = None,
    project_id: str | None = None,
) -> Iterator[None]:
    """Work for a request within; None for none."""
    before = context.get_current() or _NOBODY
    enter(
        request_id,
        global_request_id=global_request_id,
        user_id=user_id,
        project_id=project_id,
    )
    try:
        yield
    finally:
        before.update_store()


def carried() -> dict[str, str]:
    """What goes with a message about this thread's request; see `resume`."""
    current = context.get_current()
    found = (
        {}
        if current is None
        else {key: getattr(current, key) for key in _CARRIED}
    )
    return {key: value for key, value in found.items() if value}


def resume(told: Mapping[str, Any]) -> None:
    """From now on this thread works for the request that a message is of.

    What has not the form of an id or a name is left out: it goes into the
    log.
    """
    enter(
        **{
            key: value
            if isinstance(value, str) and form.match(value)
            else None
            for key, form in _CARRIED.items()
            for value in [told.get(key)]
        }
    )


def request_id() -> str | None:
    """Id of the request that this thread works for."""
    current = context.get_current()
    found = None if current is None else current.request_id
    return found if found and REQUEST_ID.match(found) else None
