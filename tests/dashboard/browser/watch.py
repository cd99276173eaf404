"""What goes wrong in pages while a test looks elsewhere."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

__all__ = ["Watch"]


class Watch:
    """Errors of scripts, of the console, and answers from 500 on."""

    def __init__(self) -> None:
        self._problems: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext) -> None:
        """Watch every page of it, those that it opens too."""
        context.on("page", self._page)
        context.on("console", self._console)
        context.on("response", self._response)

    def expect(self, pattern: str) -> None:
        """The test makes problems that read so."""
        self._expected.append(re.compile(pattern))

    def problems(self) -> list[str]:
        """What was not expected."""
        return [
            problem
            for problem in self._problems
            if not any(one.search(problem) for one in self._expected)
        ]

    def _page(self, page: Page) -> None:
        page.on(
            "pageerror",
            lambda error: self._problems.append(
                f"script on {page.url}: {error.message}\n{error.stack}"
            ),
        )

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self._problems.append(f"console: {message.text} ({where})")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            method = response.request.method
            self._problems.append(
                f"answer {response.status} to {method} {response.url}"
            )
