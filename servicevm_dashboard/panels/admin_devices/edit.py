"""Edit Device, for administrators."""

from servicevm_dashboard.panels.devices import edit as project


class EditView(project.EditView):
    """The page; it comes from, and goes to, the administrators' panel."""

    index = "horizon:admin:servicevm_devices:index"
    detail = "horizon:admin:servicevm_devices:detail"
