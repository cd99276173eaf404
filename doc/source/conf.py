"""Sphinx configuration; ``make docs`` builds it with warnings as errors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ext"))
# tools/cluster, whose configuration files the manual shows
sys.path.append(str(Path(__file__).resolve().parents[2]))

project = "servicevm"
author = "servicevm developers"
copyright = "servicevm developers"
html_title = "servicevm"

extensions = [
    "cliff.sphinxext",
    "oslo_config.sphinxext",
    "sphinx.ext.autodoc",
    "servicevm_docs",
    "servicevm_docs_deploy",
]

html_theme = "alabaster"
html_theme_options = {
    "description": "The Service VM / Device Manager for OpenStack",
    "fixed_sidebar": True,
    "page_width": "1040px",
    "show_powered_by": False,
}
html_show_copyright = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autoprogram_cliff_application = "openstack"

# The manual is built without a network, so nothing is looked up in others'.
nitpicky = False
