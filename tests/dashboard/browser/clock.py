"""Time of a page that passes when a test says so, and not before."""

from playwright.sync_api import Page

__all__ = ["Clock"]

#: Counts looks that were shown, and keeps what was asked for.
_WATCH = """(() => {
    window.looks = 0;
    window.asked = [];
    document.addEventListener('servicevm:live', () => { window.looks += 1; });
    const real = window.fetch;
    window.fetch = (url, ...more) => {
        window.asked.push(String(url));
        return real(url, ...more);
    };
})()"""


class Clock:
    """Of one page; made before the page goes anywhere.

    ::

        clock = Clock(page)
        page.goto(url)
        clock.stop()
        clock.look()
        clock.run(60)
        assert clock.asked() == []
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        page.clock.install()
        page.add_init_script(_WATCH)

    def stop(self) -> None:
        """From here on, no time passes by itself."""
        now = self.page.evaluate("Date.now() / 1000")
        self.page.clock.pause_at(now + 1)

    def go(self) -> None:
        """From here on, time passes as it does: axe needs that."""
        self.page.clock.resume()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.page.clock.run_for(int(seconds * 1000))

    def skip(self, seconds: float) -> None:
        """As if the machine had slept."""
        self.page.clock.fast_forward(int(seconds * 1000))

    def look(self, seconds: float = 5) -> None:
        """Let it look once more, and show what it saw."""
        before = self.page.evaluate("window.looks")
        self.run(seconds)
        self.looked(before)

    def looked(self, before: int) -> None:
        """Wait until it has looked once more than `before` times."""
        self.page.wait_for_function(
            "(before) => window.looks > before", arg=before
        )

    def asked(self) -> list[str]:
        """What it asked for since the last time."""
        found: list[str] = self.page.evaluate("window.asked.splice(0)")
        return found
