"""Edit Service: what it is called, and its configuration."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import described, edit
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.schema_form import SchemaForm
from servicevm_dashboard.schema_form.paths import Path
from servicevm_dashboard.wizard import Sent


class EditView(edit.EditView):
    """The page; its fields are those of the service type's schema."""

    page_title = _("Edit Service")
    failure = _("The service could not be read.")
    getter = Client.get_service
    updater = Client.update_service
    envelope = noun = "service"
    rule = "service:update"
    index = "horizon:project:servicevm_services:index"
    detail = "horizon:project:servicevm_services:detail"
    headings: ClassVar[Mapping[str, Any]] = {
        "described": _("Details"),
        "config": _("Configuration"),
    }

    def forms(
        self, resource: Any, values: edit.Values, data: Sent | None
    ) -> Mapping[str, SchemaForm]:
        kind = servicevm.call(
            self.request, Client.get_service_type, resource.service_type
        )
        config = SchemaForm(
            kind.config_schema,
            "config",
            data=data,
            document=values["config"],
        )
        return {**super().forms(resource, values, data), "config": config}

    def values(self, forms: Mapping[str, SchemaForm]) -> edit.Values:
        return {**super().values(forms), "config": forms["config"].document}

    def present(self, resource: Any) -> edit.Values:
        return {**super().present(resource), "config": resource.config}

    def refuse(
        self, forms: Mapping[str, SchemaForm], fields: Mapping[str, str]
    ) -> Mapping[str, str]:
        rest = described.refuse(forms["described"], fields, self.envelope)
        return dict(forms["config"].refuse(rest, (self.envelope, "config")))

    def labels(self, forms: Mapping[str, SchemaForm]) -> Mapping[Path, str]:
        return {
            **super().labels(forms),
            **{
                ("config", *node.path): node.trail
                for node in forms["config"].root
            },
        }
