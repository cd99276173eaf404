"""Edit Device: name, description, tags and properties."""

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import edit
from servicevm_dashboard.api.servicevm import Client


class EditView(edit.EditView):
    """The page."""

    page_title = _("Edit Device")
    failure = _("The device could not be read.")
    getter = Client.get_device
    updater = Client.update_device
    envelope = noun = "device"
    rule = "device:update"
    index = "horizon:project:servicevm_devices:index"
    detail = "horizon:project:servicevm_devices:detail"
