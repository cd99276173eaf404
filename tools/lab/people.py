"""Who there is in the lab, and how they log in."""

from collections.abc import Mapping

from tools.cluster.keystone_people import People

__all__ = ["CLOUDS", "PEOPLE", "PROJECTS"]

#: Services of OpenStack, users of the project ``service``.
_OPENSTACK = ("placement", "glance", "neutron", "nova")
#: Whose devices and networks are tried out.
PROJECTS = ("demo", "other")

PEOPLE = People(
    projects=("service", *PROJECTS),
    users={
        **{name: ("service", ("admin", "service")) for name in _OPENSTACK},
        # ``service`` checks tokens. ``admin``, in this project alone, is what
        # Neutron and Nova want of who plugs a server of one project into
        # networks of others, as for Octavia's user.
        "servicevm": ("service", ("admin", "service")),
        "demo": ("demo", ("member",)),
        "reader": ("demo", ("reader",)),
        "other": ("other", ("member",)),
    },
    # For devices that belong to a tenant: their servers and ports are made
    # in its project, with no more rights than its members have. Not admin,
    # which would be one of the whole cloud.
    everywhere={"servicevm": ("member", "service")},
)

#: Entries of clouds.yaml: name to user.
CLOUDS: Mapping[str, str] = {
    "lab-admin": "admin",
    "lab-service": "servicevm",
    "lab-demo": "demo",
    "lab-reader": "reader",
    "lab-other": "other",
}
