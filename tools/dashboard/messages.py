"""The dashboard's words in other languages.

::

    .cache/dashboard/bin/python -m tools.dashboard.messages update [LANGUAGE]
    .cache/dashboard/bin/python -m tools.dashboard.messages check

``update`` brings the ``.po`` files up to date with the code (babel-*.cfg say
where there are strings) and compiles them; a LANGUAGE that is not there yet
is begun. ``check`` tells what is not translated or not up to date.

Both ``.po`` and ``.mo`` are kept in git: what is installed from there, or
used in place, speaks every language without a step of building.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

__all__ = ["DOMAINS", "LOCALE", "compiled", "languages", "problems", "update"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "servicevm_dashboard"
LOCALE = PACKAGE / "locale"
DOMAINS = ("django", "djangojs")

_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **parse_keywords(
        [
            "gettext_lazy",
            "gettext_noop",
            "ngettext_lazy:1,2",
            "pgettext_lazy:1c,2",
            "npgettext_lazy:1c,2,3",
        ]
    ),
}


def languages() -> list[str]:
    """Those that there are files of."""
    return sorted(
        path.name
        for path in LOCALE.glob("*")
        if (path / "LC_MESSAGES").is_dir()
    )


def extract(domain: str) -> Catalog:
    """The strings of the code.

    :param domain: ``django`` or ``djangojs``, for what browsers say
    """
    with open(ROOT / f"babel-{domain}.cfg") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog(
        project="servicevm",
        copyright_holder="servicevm developers",
        fuzzy=False,
    )
    for name, line, message, comments, context in extract_from_dir(
        PACKAGE,
        method_map=methods,
        options_map=options,
        keywords=_KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
    ):
        found.add(
            message,
            locations=[(f"servicevm_dashboard/{name}", line)],
            auto_comments=comments,
            context=context,
        )
    return found


def path(language: str, domain: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read(language: str, domain: str) -> Catalog:
    """What is translated; an empty catalog where there is no file."""
    where = path(language, domain)
    if not where.exists():
        return Catalog(
            locale=language,
            domain=domain,
            header_comment=f"# The dashboard in the language {language}.\n#",
            project="servicevm",
            version="",
            msgid_bugs_address="none",
            last_translator="servicevm developers",
            language_team="servicevm developers",
            fuzzy=False,
        )
    with open(where, "rb") as file:
        return read_po(file, locale=language, domain=domain)


def merged(language: str, domain: str) -> Catalog:
    """The translations of the strings that there are now."""
    old = read(language, domain)
    template = extract(domain)
    template.project, template.version = old.project, old.version
    template.msgid_bugs_address = old.msgid_bugs_address
    template.header_comment = old.header_comment
    # No date of the day: who changes nothing changes no file.
    template.creation_date = old.creation_date
    old.update(template, no_fuzzy_matching=True)
    old.obsolete.clear()
    return old


def text(catalog: Catalog) -> bytes:
    """The ``.po`` file."""
    buffer = io.BytesIO()
    # Numbers of lines would change with everything.
    write_po(
        buffer, catalog, width=79, sort_by_file=True, include_lineno=False
    )
    # Another release of Babel is no change.
    lines = [
        line
        for line in buffer.getvalue().splitlines()
        if not line.startswith(b'"Generated-By: ')
    ]
    # It ends files with an empty line.
    return b"\n".join(lines).rstrip() + b"\n"


def compiled(catalog: Catalog) -> bytes:
    """The ``.mo`` file."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _meaning(binary: bytes) -> dict[str, object]:
    """What a ``.mo`` file says, without who made it."""
    return {
        f"{message.context} {message.id}": message.string
        for message in read_mo(io.BytesIO(binary))
        if message.id
    }


def update(language: str) -> None:
    """Write the language's files anew."""
    for domain in DOMAINS:
        where = path(language, domain)
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(text(merged(language, domain)))
        where.with_suffix(".mo").write_bytes(compiled(read(language, domain)))


def problems(language: str) -> Iterator[str]:
    """What is missing, wrong or out of date, one line each."""
    for domain in DOMAINS:
        where = path(language, domain)
        name = where.relative_to(ROOT)
        now = merged(language, domain)
        if not where.exists() or where.read_bytes() != text(now):
            yield f"{name}: not up to date with the code"
        binary = where.with_suffix(".mo")
        if not binary.exists() or _meaning(binary.read_bytes()) != _meaning(
            compiled(read(language, domain))
        ):
            yield f"{binary.relative_to(ROOT)}: not that of the .po"
        for message in now:
            if not message.id:
                continue
            strings = message.string
            if not isinstance(strings, tuple | list):
                # Nothing at all where it came into the code just now.
                strings = (strings,)
            if message.fuzzy or not all(strings):
                yield f"{name}: not translated: {message.id!r}"
            for error in message.check(now):
                yield f"{name}: {message.id!r}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.dashboard.messages",
        description="The dashboard's words in other languages.",
    )
    parser.add_argument("verb", choices=("update", "check"))
    parser.add_argument("language", nargs="*", help="default: all there are")
    asked = parser.parse_args()
    told = asked.language or languages()
    if asked.verb == "update":
        for language in told:
            update(language)
    found = [line for language in told for line in problems(language)]
    print("\n".join(found) or f"complete: {' '.join(told)}")
    return int(bool(found) and asked.verb == "check")


if __name__ == "__main__":
    sys.exit(main())
