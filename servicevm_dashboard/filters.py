"""What lists are filtered by: fields that are parameters of the API."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

#: More of them the API refuses: no resource has more.
MOST_TAGS = 50


class Filter(forms.Form):
    """What a list is filtered by: a field a query parameter of the API.

    Empty fields do not filter; hidden ones are for links of other pages.
    """

    name_prefix = forms.CharField(
        label=_("Name begins with"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def offer(self, rows: Iterable[Any]) -> None:
        """Let what is on the page be chosen: see `Offered`."""
        for name, field in self.fields.items():
            if isinstance(field, Offered | OpenChoice):
                field.offer(rows, str(self.data.get(name) or ""))

    def query(self) -> dict[str, Any]:
        """The parameters; of fields with a wrong value, none."""
        self.is_valid()
        return {
            name: value
            for name, value in getattr(self, "cleaned_data", {}).items()
            if value not in ("", None, [])
        }


class Tagged(Filter):
    """Also by tags, of which something has to have all."""

    tags = forms.CharField(
        label=_("With all tags"),
        required=False,
        max_length=1024,
        widget=forms.TextInput(
            attrs={"class": "form-control", "placeholder": _("web, blue")}
        ),
    )

    def clean_tags(self) -> str:
        """As the API takes them: parted by commas alone."""
        words = self.cleaned_data["tags"].split(",")
        found = dict.fromkeys(word.strip() for word in words)
        found.pop("", None)
        return ",".join(list(found)[:MOST_TAGS])


class Choice(forms.ChoiceField):
    """A field that filters by a state.

    :param table: one of `servicevm_dashboard.words`
    :param everything: the word for no filter, e.g. "Any status"
    """

    def __init__(
        self, label: Any, table: Mapping[str, Any], everything: Any
    ) -> None:
        super().__init__(
            label=label,
            required=False,
            choices=[("", everything), *table.items()],
            widget=forms.Select(attrs={"class": "form-control"}),
        )


class Reference(forms.UUIDField):
    """A hidden field that filters by the id of another resource.

    :param title: what is said where it filters, e.g. "of one device"
    """

    def __init__(self, title: Any) -> None:
        self.title = title
        super().__init__(required=False, widget=forms.HiddenInput())

    def clean(self, value: Any) -> str:
        found = super().clean(value)
        return str(found) if found else ""


class Offered(forms.UUIDField):
    """A field that filters by another resource, out of those on the page.

    To know all that there are would take a call more for each page.

    :param ref: attribute of a row: the other's id
    :param name: attribute of a row: the other's name
    """

    def __init__(
        self, label: Any, everything: Any, *, ref: str, name: str
    ) -> None:
        super().__init__(
            label=label,
            required=False,
            widget=forms.Select(attrs={"class": "form-control"}),
        )
        self.everything, self.ref, self.name = everything, ref, name

    def clean(self, value: Any) -> str:
        found = super().clean(value)
        return str(found) if found else ""

    def offer(self, rows: Iterable[Any], chosen: str) -> None:
        found = {chosen: chosen} if chosen else {}
        for row in rows:
            ref = getattr(row, self.ref)
            if ref:
                found[ref] = getattr(row, self.name) or ref
        self.widget.choices = [
            ("", self.everything),
            *sorted(found.items(), key=lambda one: str(one[1])),
        ]


class OpenChoice(forms.SlugField):
    """A field that filters by a kind of which new ones may come.

    Offered are those that have words, and those on the page.

    :param table: one of `servicevm_dashboard.words`
    :param of: attribute of a row: its kind
    """

    def __init__(
        self, label: Any, table: Mapping[str, Any], everything: Any, *, of: str
    ) -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=255,
            widget=forms.Select(attrs={"class": "form-control"}),
        )
        self.table, self.everything, self.of = table, everything, of

    def offer(self, rows: Iterable[Any], chosen: str) -> None:
        kinds = {*self.table, *(getattr(row, self.of) for row in rows)}
        known = {one: self.table.get(one, one) for one in {*kinds, chosen}}
        known.pop("", None)
        self.widget.choices = [
            ("", self.everything),
            *sorted(known.items(), key=lambda one: str(one[1])),
        ]
