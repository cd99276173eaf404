"""What a browser would send of the form in a page."""

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

_VOID = {"input", "br", "hr", "img", "link", "meta", "source", "wbr"}


class HtmlForm(HTMLParser):
    """The inputs of the first form that has any, as the browser has them.

    Those in a ``<template>`` or in a disabled fieldset are not sent.

    :ivar pairs: names and values, in the order of the page
    :ivar inputs: name to the attributes of each input
    :ivar buttons: attributes of the buttons
    """

    def __init__(self, html: str, marker: str = "data-schema-form") -> None:
        super().__init__(convert_charrefs=True)
        self.pairs: list[tuple[str, str]] = []
        self.inputs: dict[str, list[dict[str, str]]] = {}
        self.buttons: list[dict[str, str]] = []
        self._marker = marker
        self._stack: list[tuple[str, bool]] = []
        self._in_form = not marker
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: tuple[str, str] | None = None
        self.feed(html)

    def data(self) -> dict[str, list[str]]:
        """As Django's test client takes it."""
        found: dict[str, list[str]] = {}
        for name, value in self.pairs:
            found.setdefault(name, []).append(value)
        return found

    def filled(self, **changes: Any) -> dict[str, list[str]]:
        """With other values; None is not sent."""
        found = self.data()
        for name, value in changes.items():
            found.pop(name, None)
            if value is not None:
                found[name] = value if isinstance(value, list) else [value]
        return found

    @property
    def _sent(self) -> bool:
        return self._in_form and all(sent for _tag, sent in self._stack)

    def handle_starttag(
        self, tag: str, attrs: Sequence[tuple[str, str | None]]
    ) -> None:
        has = {key: value or "" for key, value in attrs}
        if tag == "form" and self._marker in has:
            self._in_form = True
        if tag not in _VOID:
            off = tag == "template" or (
                tag == "fieldset" and "disabled" in has
            )
            self._stack.append((tag, not off))
        if not self._sent:
            return
        if tag == "button":
            self.buttons.append(has)
        if tag == "option" and self._select is not None:
            self._options.append((has.get("value", ""), "selected" in has))
        if "disabled" in has or not has.get("name"):
            return
        name = has["name"]
        if tag in ("input", "select", "textarea"):
            self.inputs.setdefault(name, []).append(has)
        if tag == "select":
            self._select, self._options = name, []
        elif tag == "textarea":
            self._area = (name, "")
        elif tag == "input":
            self._input(name, has)

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area = (self._area[0], self._area[1] + data)

    def handle_endtag(self, tag: str) -> None:
        while self._stack and tag not in _VOID:
            opened, _sent = self._stack.pop()
            if opened == tag:
                break
        if tag == "form":
            self._in_form = False
        if tag == "select" and self._select is not None:
            chosen = [value for value, on in self._options if on]
            options = chosen or [value for value, _on in self._options[:1]]
            self.pairs += [(self._select, value) for value in options[-1:]]
            self._select = None
        if tag == "textarea" and self._area is not None:
            name, text = self._area
            # The first line feed belongs to the markup.
            text = text.removeprefix("\n").replace("\n", "\r\n")
            self.pairs.append((name, text))
            self._area = None

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)

    def _input(self, name: str, has: Mapping[str, str]) -> None:
        kind = has.get("type", "text")
        if kind in ("checkbox", "radio") and "checked" not in has:
            return
        if kind not in ("submit", "button"):
            self.pairs.append((name, has.get("value", "")))
