"""Goes through a wizard as somebody with a browser does."""

from typing import Any

import django.test

from tests.dashboard.unit.html_form import HtmlForm


class Browser:
    """The page that is shown, and what can be sent from it."""

    def __init__(self, client: django.test.Client, url: str) -> None:
        self.client = client
        self.url = url.partition("?")[0]
        self.look(client.get(url))

    def look(self, answer: Any) -> None:
        self.answer = answer
        self.html = answer.content.decode()
        self.form = HtmlForm(self.html)

    def go(self, where: str = "next", /, **changes: Any) -> None:
        """Press a button, after some inputs were filled in."""
        data = self.form.filled(**changes)
        self.look(self.client.post(self.url, {**data, "go": where}))

    @property
    def step(self) -> str:
        return self.form.data()["step"][0]
