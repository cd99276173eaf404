"""A hold, as a form."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import exceptions, forms, messages

from servicevm_dashboard import words
from servicevm_dashboard.api import projects, servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError

#: A year: who means longer takes it away by hand.
_MOST_HOURS = 8784
#: Templates to choose from.
_MOST = 1000


def _switched(scope: str, label: Any) -> dict[str, Any]:
    """Attributes of a field that is shown for one scope only."""
    return {
        "class": "switched",
        "data-switch-on": "scope",
        f"data-scope-{scope}": label,
    }


_DEVICE = gettext_lazy("ID of the device")
_TEMPLATE = gettext_lazy("Template")
_PROJECT = gettext_lazy("Project")


class HoldForm(forms.SelfHandlingForm):
    """What to hold, why and for how long."""

    scope = forms.ChoiceField(
        label=gettext_lazy("What is to be held"),
        choices=[*words.HOLD.items()],
        widget=forms.ThemableSelectWidget(
            attrs={"class": "switchable", "data-slug": "scope"}
        ),
    )
    device_id = forms.UUIDField(
        label=_DEVICE,
        required=False,
        widget=forms.TextInput(attrs=_switched("device", _DEVICE)),
    )
    template_id = forms.ChoiceField(
        label=_TEMPLATE,
        required=False,
        widget=forms.ThemableSelectWidget(
            attrs=_switched("template", _TEMPLATE)
        ),
    )
    project_id = forms.ChoiceField(
        label=_PROJECT,
        required=False,
        widget=forms.ThemableSelectWidget(
            attrs=_switched("project", _PROJECT)
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=255,
        help_text=gettext_lazy("The project of a device sees it, too."),
    )
    hours = forms.IntegerField(
        label=gettext_lazy("Hours until it ends by itself"),
        required=False,
        min_value=1,
        max_value=_MOST_HOURS,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Empty: it stays until it is taken away."),
    )

    failure = gettext_lazy("The hold could not be set.")

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["project_id"].choices = projects.choices(request)
        self.fields["template_id"].choices = [
            (one.id, one.name)
            for one in servicevm.call(
                request,
                Client.device_templates,
                sort="name:asc",
                max_items=_MOST,
            )
        ]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean()
        field = f"{found.get('scope')}_id"
        if field in self.fields and not found.get(field):
            self.add_error(field, _("Say which."))
        return found

    def handle(self, request: Any, data: Mapping[str, Any]) -> bool:
        scope, hours = data["scope"], data["hours"]
        target: dict[str, Any] = {"everything": True}
        if scope != "everything":
            target = {f"{scope}_id": str(data[f"{scope}_id"])}
        ends = hours and timezone.now() + timedelta(hours=hours)
        try:
            servicevm.call(
                request,
                Client.set_hold,
                reason=data["reason"],
                expires_at=ends.isoformat() if ends else None,
                **target,
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
        messages.success(request, _("The hold was set."))
        return True
