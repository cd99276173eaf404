"""Edit Template: a change of what devices are like is a new revision."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import described, edit
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.edit import Values
from servicevm_dashboard.panels.admin_templates import spec
from servicevm_dashboard.panels.templates import reading
from servicevm_dashboard.schema_form import SchemaForm
from servicevm_dashboard.wizard import Sent


class EditView(edit.EditView):
    """The page. Its drivers stay: those are another template."""

    page_title = _("Edit Template")
    failure = _("The template could not be read.")
    getter = Client.get_device_template
    updater = Client.update_device_template
    envelope = "device_template"
    rule = "device_template:update"
    index = "horizon:admin:servicevm_templates:index"
    detail = "horizon:admin:servicevm_templates:detail"

    def forms(
        self, resource: Any, values: Values, data: Sent | None
    ) -> Mapping[str, SchemaForm]:
        chosen = {
            "infra": resource.infra_driver,
            "mgmt": resource.mgmt_driver,
        }
        known = reading.drivers(self.request)
        return {
            **super().forms(resource, values, data),
            "options": SchemaForm(
                spec.options_schema(known, chosen),
                "options",
                data=data,
                document={
                    key: values[key] or {} for key in spec.OPTIONS.values()
                },
            ),
            "hosting": SchemaForm(
                spec.hosting_schema(reading.service_types(self.request)),
                "hosting",
                data=data,
                document=spec.hosting_document(values),
            ),
        }

    def values(self, forms: Mapping[str, SchemaForm]) -> Values:
        return {
            **super().values(forms),
            **spec.options(forms["options"].document),
            **spec.hosting(forms["hosting"].document),
        }

    def present(self, resource: Any) -> Values:
        shown = resource.to_dict_view()
        keys = (*described.OWN, *spec.OPTIONS.values(), *spec.HOSTING)
        return {key: shown.get(key) for key in keys}

    def refuse(
        self, forms: Mapping[str, SchemaForm], fields: Mapping[str, str]
    ) -> Mapping[str, str]:
        rest = super().refuse(forms, fields)
        for name in ("options", "hosting"):
            rest = dict(
                forms[name].refuse(rest, (self.envelope,), shared=True)
            )
        return rest
