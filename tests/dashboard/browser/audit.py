"""axe over what is ours on a page.

Horizon's own frame (header, sidebar, login) has violations that no plugin
can mend; so only the page's body and open dialogs are looked at, and of
them not what Horizon draws there.

Colours are the theme's, and those of its links and buttons have too little
contrast: measured on bare ones, the same pair of colours on a link or button
of ours is not ours.
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

#: Waits for what is animated; not for what never ends.
_SETTLE = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished.catch(() => {})))"""

_CONTROLS = "a, a *, button, button *, .btn, .btn *"

#: What a page has no other colours for.
_BARE = """
<div id="bare-theme">
  <a href="#">link</a>
  <ul class="nav nav-pills"><li class="active"><a href="#">pill</a></li></ul>
  <ul class="nav nav-tabs"><li><a href="#">tab</a></li></ul>
  <table class="table table-striped"><tbody>
    <tr><td><a href="#">odd</a></td></tr>
    <tr><td><a href="#">even</a></td></tr>
  </tbody></table>
  <div class="well"><a href="#">well</a></div>
  BUTTONS
  <ul class="dropdown-menu row_actions" style="display: block">
    <li><button class="btn btn-danger">menu</button></li>
  </ul>
</div>
""".replace(
    "BUTTONS",
    "".join(
        f'<a href="#" class="btn btn-{kind}">on</a>'
        f'<a href="#" class="btn btn-{kind} disabled">off</a>'
        for kind in ("default", "primary", "danger", "link")
    ),
)

#: Above everything: what something else covers can not be measured.
_SHOW_BARE = """(html) => {
    const place = document.querySelector('.modal.in .modal-content') ||
        document.querySelector('#content_body');
    place.insertAdjacentHTML('beforeend', html);
    const bare = document.querySelector('#bare-theme');
    const colour = (one) => getComputedStyle(one).backgroundColor;
    let behind = place;
    while (behind.parentElement && colour(behind) === 'rgba(0, 0, 0, 0)') {
        behind = behind.parentElement;
    }
    Object.assign(bare.style, {position: 'absolute', top: 0, left: 0,
        width: '100%', minHeight: '40em',
        backgroundColor: behind.parentElement ? colour(behind) : '#fff'});
}"""


def violations(page: Page, within: str | None = None) -> list[str]:
    """One line for each element that breaks a rule.

    :param within: a selector, to look there only
    """
    # Colours on their way from one to another are nobody's.
    page.evaluate(_SETTLE)
    there = [
        selector
        for selector in ([within] if within else _OURS)
        if page.locator(selector).count()
    ]
    found = [
        (rule, node)
        for rule, node in _run(page, there, {"type": "tag", "values": _TAGS})
        if not _is_horizons(page, rule, node)
    ]
    if any(rule == "color-contrast" for rule, _ in found):
        theme = _theme(page)
        found = [
            (rule, node)
            for rule, node in found
            if not (
                _pair(node) in theme
                and _matches(page, node["target"][0], _CONTROLS)
            )
        ]
    return [_line(rule, node) for rule, node in found]


def _run(
    page: Page, there: list[str], rules: dict[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Rules and the elements that break them."""
    results = Axe().run(
        page,
        context={"include": [[selector] for selector in there]},
        options={"resultTypes": ["violations"], "runOnly": rules},
    )
    return [
        (violation["id"], node)
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def _theme(page: Page) -> set[tuple[str, str]]:
    """Pairs of colours of bare links and buttons that have not enough
    contrast.
    """
    page.evaluate(_SHOW_BARE, _BARE)
    try:
        rules = {"type": "rule", "values": ["color-contrast"]}
        found = _run(page, ["#bare-theme"], rules)
    finally:
        page.evaluate("document.querySelector('#bare-theme').remove()")
    return {pair for _, node in found if (pair := _pair(node))}


def _pair(node: dict[str, Any]) -> tuple[str, str] | None:
    """The colours of an element with too little contrast."""
    for check in node["any"]:
        data = check.get("data") or {}
        if check["id"] == "color-contrast" and data.get("fgColor"):
            return data["fgColor"], data["bgColor"]
    return None


def _is_horizons(page: Page, rule: str, node: dict[str, Any]) -> bool:
    return any(
        rule == known and _matches(page, node["target"][0], theirs)
        for known, theirs in BASELINE
    )


def _matches(page: Page, selector: str, wanted: str) -> bool:
    found: bool = page.evaluate(
        "([one, wanted]) => document.querySelector(one).matches(wanted)",
        [selector, wanted],
    )
    return found


def _line(rule: str, node: dict[str, Any]) -> str:
    why = " ".join((node.get("failureSummary") or "").split())
    return (
        f"{rule}: {node['target'][0]}: "
        f"{' '.join(node['html'].split())[:200]} ({why})"
    )
