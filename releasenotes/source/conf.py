"""Sphinx configuration of the release notes."""

project = "servicevm release notes"
author = "servicevm developers"
extensions = ["reno.sphinxext"]
html_theme = "alabaster"
html_show_copyright = False
