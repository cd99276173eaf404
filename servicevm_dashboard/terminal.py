"""The same in the terminal: command lines that do what a form does. Pure.

A test feeds them to the command line itself, and compares what it sends
with what the form sends.
"""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: Of ``openstack``; our own shell is called like the service.
PROGRAM = ("openstack", "servicevm")

_WIDTH = 76


def create_device(
    template: str,
    attributes: Mapping[str, Any],
    program: Sequence[str] = PROGRAM,
) -> str:
    """The line that makes this device.

    :param template: its name, or its id where that is not unique
    :param attributes: as the service is sent them
    """
    return _line(
        [*program, "device", "create"],
        [
            _option("--template", template),
            *(
                _option(
                    "--interface",
                    ",".join(f"{key}={value}" for key, value in one.items()),
                )
                for one in attributes.get("interfaces", ())
            ),
            *_described(attributes),
        ],
        attributes["name"],
    )


def create_service(
    device: str,
    attributes: Mapping[str, Any],
    program: Sequence[str] = PROGRAM,
) -> str:
    """The lines that make this service: its config is standard input.

    :param device: its name, or its id where that is not unique
    """
    line = _line(
        [*program, "service", "create"],
        [
            _option("--type", attributes["service_type"]),
            _option("--device", device),
            ["--config", "-"],
            *_described(attributes),
        ],
        attributes["name"],
    )
    return with_input(line, attributes["config"])


def change(
    noun: str,
    ref: str,
    changes: Mapping[str, Any],
    program: Sequence[str] = PROGRAM,
) -> str:
    """The lines that change a device or service; a config is their input.

    :param noun: ``device`` or ``service``
    :param ref: its id, for it may just be given another name
    :param changes: as the service is sent them; empty: there is no line
    """
    if not changes:
        return ""
    options = [
        _option(f"--{key}", changes[key])
        for key in ("name", "description")
        if key in changes
    ]
    # What is told takes the place of all that there was.
    for key, flag in (("tags", "--no-tag"), ("properties", "--no-property")):
        if key in changes:
            options.append([flag])
    told = {
        key: changes[key] for key in ("tags", "properties") if key in changes
    }
    if "config" in changes:
        options.append(["--config", "-"])
    line = _line([*program, noun, "set"], [*options, *_described(told)], ref)
    if "config" not in changes:
        return line
    return with_input(line, changes["config"])


def attach_interface(
    device: str,
    wishes: Mapping[str, str],
    program: Sequence[str] = PROGRAM,
) -> str:
    """The line that gives a device this interface.

    :param device: its name, or its id where that is not unique
    :param wishes: as the service is sent them
    """
    return _line(
        [*program, "device", "interface", "attach"],
        [_option(f"--{key}", one) for key, one in wishes.items()],
        device,
    )


def detach_interface(
    device: str, index: int, program: Sequence[str] = PROGRAM
) -> str:
    """The line that takes an interface off a device.

    :param device: its name, or its id where that is not unique
    """
    return _line(
        [*program, "device", "interface", "detach"], [], device, str(index)
    )


def with_input(line: str, document: Any) -> str:
    """A command with a document on its standard input.

    JSON is YAML, and leaves no doubt about what is a number; no line of it
    can be the one that ends it.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return f"{line} <<'EOF'\n{text}\nEOF"


def _described(attributes: Mapping[str, Any]) -> Iterable[list[str]]:
    if attributes.get("description"):
        yield _option("--description", attributes["description"])
    for tag in attributes.get("tags", ()):
        yield _option("--tag", tag)
    for key, value in attributes.get("properties", {}).items():
        yield _option("--property", f"{key}={value}")


def _option(flag: str, value: str) -> list[str]:
    # Or it would be taken for an option itself.
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]


def _line(
    command: Sequence[str],
    options: Iterable[Sequence[str]],
    name: str,
    *more: str,
) -> str:
    """Quoted for a shell, broken where it would get too long."""
    last = ["--", name] if name.startswith("-") else [name]
    last += more
    lines = [shlex.join(command)]
    for part in (*options, last):
        words = shlex.join(part)
        if len(lines[-1]) + len(words) >= _WIDTH:
            lines.append(f"    {words}")
        else:
            lines[-1] = f"{lines[-1]} {words}"
    return " \\\n".join(lines)
