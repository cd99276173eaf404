"""Addresses of the plugin's pages, by dashboard and panel.

::

    link("project", "devices", "detail", device.id)
    link("admin", "devices")

A panel has the same slug in each dashboard that has it.
"""

from django.urls import NoReverseMatch, reverse


def link(dashboard: str, panel: str, name: str = "index", *args: str) -> str:
    """The address of a page; empty where the dashboard has no such panel.

    :param dashboard: ``project`` or ``admin``
    :param panel: e.g. ``devices``
    :param name: of the URL in the panel's urls.py
    """
    try:
        return reverse(
            f"horizon:{dashboard}:servicevm_{panel}:{name}", args=args
        )
    except NoReverseMatch:
        return ""
