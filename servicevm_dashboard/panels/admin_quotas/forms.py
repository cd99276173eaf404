"""A project's limits, as a form."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import exceptions, forms, messages

from servicevm_dashboard import words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError

#: The service takes no more.
MAX = 2**31 - 1


def limit(name: str, **told: Any) -> forms.IntegerField:
    """The field of one quota."""
    return forms.IntegerField(
        label=words.QUOTA[name], min_value=-1, max_value=MAX, **told
    )


def optional(name: str) -> forms.IntegerField:
    """The same; a text, as Horizon's spinner has buttons without a name."""
    widget = forms.TextInput(attrs={"inputmode": "numeric"})
    return limit(name, required=False, widget=widget)


class QuotaForm(forms.SelfHandlingForm):
    """Its fields are the quotas; an empty one is the default."""

    devices = optional("devices")
    services = optional("services")
    vcpus = optional("vcpus")
    ram = optional("ram")
    slots = optional("slots")

    failure = gettext_lazy("The limits could not be changed.")

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        quota, defaults = self.initial["quota"], self.initial["defaults"]
        for name, field in self.fields.items():
            values = {
                "used": quota.to_dict_view()[name]["in_use"],
                "default": defaults.get(name),
            }
            field.help_text = _("%(used)s in use.") % values
            if values["default"] is not None:
                field.help_text = (
                    _("%(used)s in use; the default is %(default)s.") % values
                )
                field.widget.attrs["placeholder"] = values["default"]

    def handle(self, request: Any, data: Mapping[str, Any]) -> bool:
        project, name = self.initial["project_id"], self.initial["name"]
        changed = {key: data[key] for key in self.changed_data}
        try:
            if changed:
                servicevm.call(
                    request, Client.update_quota, project, **changed
                )
        except NotAuthenticated:
            raise
        except ServicevmError as error:
            for path, text in error.fields.items():
                field = path.rpartition(".")[2]
                self.add_error(field if field in self.fields else None, text)
            if not error.fields:
                exceptions.handle(request, self.failure)
            return False
        messages.success(
            request,
            _("The limits of %(project)s were changed.") % {"project": name},
        )
        return True
