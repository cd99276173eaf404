"""Attach Interface and Detach Interface, for administrators."""

from servicevm_dashboard.panels.devices import attach, detach


class AttachView(attach.AttachView):
    """The wizard; it comes from, and goes to, the administrators' panel."""

    dashboard = "admin"
    index = "horizon:admin:servicevm_devices:index"


class DetachView(detach.DetachView):
    """The page that asks first; likewise."""

    dashboard = "admin"
