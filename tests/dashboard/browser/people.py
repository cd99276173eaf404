"""The browser in the hands of one of the lab's users."""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.dashboard.browser.watch import Watch
from tools.horizon.lab import Lab

__all__ = ["ARGUMENTS", "People"]

#: Of Chromium. It runs as root where tests do, and talks to nobody else.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]

#: Milliseconds that playwright waits for what is to be there.
TIMEOUT = 15_000
#: The same for a login: the first page of a Horizon loads all of it.
_LOGIN = 60_000


class People:
    """Logs users in, each once.

    :param region: that their pages are about
    """

    def __init__(self, browser: Browser, lab: Lab, region: str) -> None:
        self._browser = browser
        self._lab = lab
        self._region = region
        self._states: dict[str, Any] = {}
        self._passwords: dict[str, str] = {}

    def context(
        self, user: str, options: Mapping[str, Any], watch: Watch
    ) -> BrowserContext:
        """A browser of the user's own, logged in."""
        if user not in self._states:
            context = self.stranger({}, watch)
            self.log_in(context.new_page(), user)
            self._states[user] = context.storage_state()
            context.close()
        return self.stranger(
            {"storage_state": self._states[user], **options}, watch
        )

    def stranger(
        self, options: Mapping[str, Any], watch: Watch
    ) -> BrowserContext:
        """A browser of which Horizon knows nobody."""
        context = self._browser.new_context(
            **{
                "base_url": self._lab.web.url,
                "viewport": {"width": 1366, "height": 820},
                "locale": "en-US",
                "timezone_id": "UTC",
                "reduced_motion": "reduce",
                **options,
            }
        )
        context.set_default_timeout(TIMEOUT)
        self._choose(context, self._region)
        watch.over(context)
        return context

    def know(self, user: str, password: str) -> None:
        """Who is not one of the lab's users can be logged in too."""
        self._passwords[user] = password

    def log_in(self, page: Page, user: str) -> None:
        """By the form, as people do."""
        password = self._passwords.get(user) or self._lab.password(user)
        page.goto("/auth/login/")
        page.fill("#id_username", user)
        page.fill("#id_password", password)
        page.click("#loginBtn", timeout=_LOGIN)
        page.wait_for_url(lambda url: "/auth/login" not in url)

    def in_region(self, context: BrowserContext, region: str) -> None:
        """Whom it logs in is in another region."""
        self._choose(context, region)

    def _choose(self, context: BrowserContext, region: str) -> None:
        context.add_cookies(
            [
                {
                    "name": "services_region",
                    "value": region,
                    "url": self._lab.web.url,
                }
            ]
        )
