"""Values that people and programs read differently.

Ours and not osc_lib.cli.format_columns, because that imports the whole of
openstacksdk (0.28 s, 2026-08).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cliff.columns import FormattableColumn


def printable(text: str) -> str:
    """Without control characters, but for line feeds and tabs.

    A guest is not trusted: its words may hold escape sequences that make a
    terminal do things.
    """
    if text.isprintable():
        return text
    return "".join(
        one
        for one in text.replace("\r\n", "\n")
        if one in "\n\t" or one.isprintable()
    )


class Cell(FormattableColumn[Any]):
    """A value that may be None: nothing for people, null in JSON."""

    def human_readable(self) -> str:
        """The value as text."""
        return "" if self._value is None else printable(self.text(self._value))

    def text(self, value: Any) -> str:
        """The value, which is not None, as text."""
        return str(value)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Cell):
            return NotImplemented
        return self.human_readable() < other.human_readable()


class Words(Cell):
    """A list of words: ``a, b``."""

    def text(self, value: Sequence[Any]) -> str:
        """Words with commas."""
        return ", ".join(str(one) for one in value)


class Pairs(Cell):
    """A flat object: one ``key='value'`` a line; nested as it is."""

    def text(self, value: Mapping[str, Any]) -> str:
        """Lines in the order of the keys."""
        return "\n".join(f"{key}={plain(value[key])}" for key in sorted(value))


class Rows(Cell):
    """A list of objects: each on a line, ``key=value`` in their order."""

    def text(self, value: Sequence[Mapping[str, Any]]) -> str:
        """One line each, without what is not set."""
        return "\n".join(
            " ".join(
                f"{key}={plain(field)}"
                for key, field in row.items()
                if field not in (None, "")
            )
            for row in value
        )


class Endpoints(Cell):
    """Where a service is reached: ``web http://127.0.0.1:4711``."""

    def text(self, value: Sequence[Mapping[str, Any]]) -> str:
        """One URL a line."""
        return "\n".join(
            f"{one['name']} {one['protocol']}://{_host(one['address'])}:"
            f"{one['port']}"
            for one in value
        )


class Agent(Cell):
    """The agent of a device, in lines."""

    def text(self, value: Mapping[str, Any]) -> str:
        """Connected or not first, then what else is known."""
        state = "connected" if value.get("connected") else "not connected"
        since = value.get(
            "connected_at" if value["connected"] else "last_seen"
        )
        lines = [f"{state}{' since ' + _moment(since) if since else ''}"]
        if value.get("version"):
            lines.append(f"version {value['version']}")
        if value.get("boot_id"):
            lines.append(f"boot {value['boot_id']}")
        certificate = value.get("certificate")
        if certificate:
            lines.append(
                f"certificate {certificate['serial']} until "
                f"{_moment(certificate['not_after'])}"
            )
        return "\n".join(lines)


class Hold(Cell):
    """The operator's hold that covers a device, in a sentence."""

    def text(self, value: Mapping[str, Any]) -> str:
        """``Disk is swapped (template, until 2026-12-01T08:00:00Z)``."""
        until = value.get("expires_at")
        ends = f"until {_moment(until)}" if until else "until it is unset"
        return f"{value['reason']} ({value['scope']}, {ends})"


class Counts(Cell):
    """How many of each: ``ACTIVE 3, ERROR 1``."""

    def text(self, value: Mapping[str, int]) -> str:
        """Only those that there are."""
        return ", ".join(
            f"{key} {count}" for key, count in value.items() if count
        )


class Slots(Cell):
    """``1 of 4 used``."""

    def text(self, value: Any) -> str:
        """Used and total."""
        if isinstance(value, Mapping):
            return f"{value.get('used')} of {value.get('total')} used"
        return str(value)


class Limit(Cell):
    """A limit: a number, or ``unlimited``."""

    def text(self, value: int) -> str:
        """-1 in words."""
        return "unlimited" if value == -1 else str(value)


class Quota(Cell):
    """``2 of 10``."""

    def text(self, value: Mapping[str, Any]) -> str:
        """In use, and the limit."""
        return f"{value['in_use']} of {Limit(value['limit']).human_readable()}"


class Document(Cell):
    """A nested object: YAML, which ``--config`` takes back."""

    def text(self, value: Any) -> str:
        """What has nothing nested in it is on one line."""
        # 0.02 s, so only where it is needed.
        import yaml

        return yaml.safe_dump(
            value,
            allow_unicode=True,
            default_flow_style=None,
            sort_keys=False,
            width=100,
        ).removesuffix("\n")


class Moment(Cell):
    """A time, without fractions of a second for people."""

    def text(self, value: str) -> str:
        """``2026-11-22T18:20:01Z``."""
        return _moment(value)


class Timeline(Cell):
    """The steps of an operation: state, how long, what it said."""

    def text(self, value: Sequence[Mapping[str, Any]]) -> str:
        """One step a line, in columns."""
        width = max((len(step["name"]) for step in value), default=0)
        return "\n".join(_step(step, width) for step in value)


def _step(step: Mapping[str, Any], width: int) -> str:
    took = seconds(step.get("started_at"), step.get("finished_at"))
    time = "" if took is None else f"{took:9.3f} s"
    tries = step.get("attempts") or 0
    words = [
        f"{step['name']:<{width}}",
        f"{step['state']:<9}",
        f"{time:>11}",
        f"({tries} attempts)" if tries > 1 else "",
        " ".join((step.get("message") or "").split()),
    ]
    return "  ".join(word for word in words if word).rstrip()


def seconds(start: str | None, end: str | None) -> float | None:
    """Seconds between two times of the API; None if one is missing."""
    if not start or not end:
        return None
    return (_parse(end) - _parse(start)).total_seconds()


def _parse(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(text: str) -> str:
    try:
        moment = _parse(text)
    except ValueError:
        return text
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def plain(value: Any) -> str:
    """A text as it is, everything else as JSON."""
    if isinstance(value, dict | list | bool | None):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
