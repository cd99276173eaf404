"""What the lab's OpenStack is made of: releases, and where they lie."""

from pathlib import Path

from tools.cluster.venv import ROOT, Venv

__all__ = ["CACHE", "ROOT", "VENV"]

CACHE = ROOT / ".cache" / "lab"

#: The newest series that runs on Python 3.11; the versions are in
#: constraints.txt, which is ``pip freeze`` of what works together.
VENV = Venv(
    CACHE / "venv",
    (
        "keystone",
        "openstack-placement",
        "glance",
        "neutron",
        "nova",
        "gunicorn",
        "libvirt-python",
        "PyMySQL",
        # neutron 29.0.0 imports it and does not ask for it.
        "pyroute2",
    ),
    Path(__file__).with_name("constraints.txt"),
)
