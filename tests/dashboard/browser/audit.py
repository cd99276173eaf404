"""axe over what is ours on a page.

Horizon's own frame (header, sidebar, login) has violations that no plugin
can mend; so only the page's body and open dialogs are looked at, and of
them not what Horizon draws there.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["BASELINE", "violations"]

#: WCAG 2.2, A and AA.
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

#: Where our elements are.
_OURS = ["#content_body", ".modal.in", "#main_content .alert"]

#: Horizon's own elements there: rule and a selector that they match.
BASELINE = [
    # horizon/common/_breadcrumb.html; #777 on #f5f5f5.
    ("color-contrast", ".breadcrumb > .active"),
    # horizon/common/_modal.html: an "x" in an icon font.
    ("link-name", ".modal-header > a.close"),
]


def violations(page: Page, within: str | None = None) -> list[str]:
    """One line for each element that breaks a rule.

    :param within: a selector, to look there only
    """
    there = [
        selector
        for selector in ([within] if within else _OURS)
        if page.locator(selector).count()
    ]
    results = Axe().run(
        page,
        context={"include": [[selector] for selector in there]},
        options={
            "resultTypes": ["violations"],
            "runOnly": {"type": "tag", "values": _TAGS},
        },
    )
    found = []
    for violation in results.response["violations"]:
        for node in violation["nodes"]:
            if not _is_horizons(page, violation["id"], node):
                found.append(_line(violation, node))
    return found


def _is_horizons(page: Page, rule: str, node: dict[str, Any]) -> bool:
    selector = node["target"][0]
    return any(
        rule == known
        and page.evaluate(
            "([one, known]) => document.querySelector(one).matches(known)",
            [selector, theirs],
        )
        for known, theirs in BASELINE
    )


def _line(violation: dict[str, Any], node: dict[str, Any]) -> str:
    why = " ".join((node.get("failureSummary") or "").split())
    return (
        f"{violation['id']}: {node['target'][0]}: "
        f"{' '.join(node['html'].split())[:200]} ({why})"
    )
