"""Pages that change something which others may change as well.

What is sent is what was changed here, and only if nobody else changed the
same since the page was opened; if somebody did, both are shown. Where the
command line can say all of it, the page shows the line for what was changed.

``?add=config/pools/0/members`` opens it with a new item in that list.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View
from horizon import exceptions, messages

from servicevm_dashboard import described, terminal
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.differences import (
    Difference,
    differences,
    readable,
    shown,
)
from servicevm_dashboard.exceptions import (
    Conflict,
    NotAuthenticated,
    ServicevmError,
)
from servicevm_dashboard.permitted import permitted
from servicevm_dashboard.schema_form import Problem, SchemaForm
from servicevm_dashboard.schema_form.paths import Path
from servicevm_dashboard.wizard import Sent, unpacked

#: How often the page looks again when something else changed meanwhile.
TRIES = 3
#: Most fields that are named when it was.
NAMED = 3

Values = Mapping[str, Any]


class EditView(View):
    """A resource's name, description, tags and properties; maybe more."""

    page_title: ClassVar[Any]
    failure: ClassVar[Any]
    getter: ClassVar[Any]
    updater: ClassVar[Any]
    #: Key of the resource in what the service is sent.
    envelope: ClassVar[str]
    rule: ClassVar[str]
    #: Names of URLs.
    index: ClassVar[str]
    detail: ClassVar[str]
    #: What the command line calls it, where that can say all of the form.
    noun: ClassVar[str] = ""
    #: Of the forms, where there is more than one.
    headings: ClassVar[Mapping[str, Any]] = {}

    def forms(
        self, resource: Any, values: Values, data: Sent | None
    ) -> Mapping[str, SchemaForm]:
        """Each form by the attributes that it is about.

        :param values: to begin with
        :raises ServicevmError: there is no form then
        """
        document = described.document(values)
        return {
            "described": SchemaForm(
                described.schema(), "details", data=data, document=document
            )
        }

    def values(self, forms: Mapping[str, SchemaForm]) -> Values:
        """What was filled in, as the service is sent it."""
        return described.attributes(forms["described"].document)

    def present(self, resource: Any) -> Values:
        """The same of the resource as it is."""
        shown = resource.to_dict_view()
        return {key: shown.get(key) for key in described.OWN}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotAuthenticated:
            # Horizon says so, and where to log in.
            exceptions.handle(request)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        resource = self._read()
        if not permitted(request, self.rule, resource):
            messages.error(request, _("You are not allowed to do that."))
            return redirect(self.detail_url)
        base = self.present(resource)
        return self._show(resource, self._forms(resource, base, None), base)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        data = unpacked(request.POST)
        resource = self._read()
        present = self.present(resource)
        base = self._opened(data.get("base"))
        if base is None or set(base) != set(present):
            changed_by_hand = Problem(
                _(
                    "What was sent does not belong to this page, so nothing "
                    "was saved. This is how it is now."
                )
            )
            fresh = self._forms(resource, present, None)
            return self._show(resource, fresh, present, [changed_by_hand])
        forms = self._forms(resource, base, data)
        if not all([form.is_valid() for form in forms.values()]):
            return self._show(resource, forms, base)
        mine = self.values(forms)
        changed = {key: mine[key] for key in mine if mine[key] != base[key]}
        if data.get("preview") and self.noun:
            line = terminal.change(self.noun, resource.id, changed)
            return self._show(resource, forms, base, command=line)
        try:
            return self._save(resource, forms, base, changed)
        except NotAuthenticated:
            raise
        except ServicevmError as error:
            problems = self._refuse(forms, error)
            hint = error.hint if problems else ""
            return self._show(resource, forms, base, problems, hint)

    def _save(
        self,
        resource: Any,
        forms: Mapping[str, SchemaForm],
        base: Values,
        changed: Values,
    ) -> HttpResponse:
        """Change it, unless somebody else changed the same."""
        for _look in range(TRIES):
            present = self.present(resource)
            clash = {
                key: present[key]
                for key in changed
                if present[key] not in (base[key], changed[key])
            }
            if clash:
                found = self._differences(forms, clash, changed)
                # Saved again, it takes the place of what they wrote.
                seen = {**base, **clash}
                return self._show(resource, forms, seen, differences=found)
            if not changed:
                messages.info(self.request, _("Nothing was changed."))
                return redirect(self.detail_url)
            try:
                servicevm.call(
                    self.request,
                    type(self).updater,
                    resource.id,
                    if_match=resource.etag,
                    **changed,
                )
            except Conflict as error:
                if error.code != "precondition_failed":
                    raise
                resource = self._read()
                continue
            messages.success(
                self.request,
                self._changed(
                    changed.get("name", resource.name), forms, base, changed
                ),
            )
            return redirect(self.detail_url)
        raise Conflict(
            _("It changes all the time, so that it could not be saved."),
            hint=_("Try again in a moment."),
        )

    def _changed(
        self,
        name: str,
        forms: Mapping[str, SchemaForm],
        before: Values,
        after: Values,
    ) -> str:
        """What was changed of it, by the names of the fields."""
        labels = self.labels(forms)
        fields: dict[str, None] = {}
        for key in after:
            for path, _one, _other in differences(before[key], after[key]):
                place = (key, *path)
                # What is in a list without fields of its own is the list's.
                while place not in labels and len(place) > 1:
                    place = place[:-1]
                fields[labels.get(place) or readable(place)] = None
        told = {"name": name, "fields": "; ".join(list(fields)[:NAMED])}
        if len(fields) > NAMED:
            return _("%(name)s was changed: %(fields)s; and more") % told
        return _("%(name)s was changed: %(fields)s") % told

    def _refuse(
        self, forms: Mapping[str, SchemaForm], error: ServicevmError
    ) -> Sequence[Problem]:
        """What the service said, next to the fields; the rest."""
        fields = self.refuse(forms, error.fields)
        rest = [Problem(text) for text in fields.values()]
        if not rest and not any(form.problems for form in forms.values()):
            rest = [Problem(error.sentence)]
        return rest

    def refuse(
        self, forms: Mapping[str, SchemaForm], fields: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Show what the service said about fields next to them."""
        return described.refuse(forms["described"], fields, self.envelope)

    def _read(self) -> Any:
        try:
            return servicevm.call(
                self.request, type(self).getter, str(self.kwargs["ref"])
            )
        except Exception:
            exceptions.handle(
                self.request, self.failure, redirect=reverse(self.index)
            )

    def _forms(
        self, resource: Any, values: Values, data: Sent | None
    ) -> Mapping[str, SchemaForm]:
        try:
            return self.forms(resource, values, data)
        except Exception:
            # Without their schemas they can not be shown.
            exceptions.handle(
                self.request, self.failure, redirect=self.detail_url
            )
            raise

    @property
    def _salt(self) -> str:
        """What this page was opened with is of use for no other."""
        return f"servicevm-edit-{self.envelope}-{self.kwargs['ref']}"

    def _opened(self, text: Any) -> Values | None:
        """What the page was opened with; None: that is not what was sent."""
        try:
            found: Values = signing.loads(str(text), salt=self._salt)
        except signing.BadSignature:
            return None
        return found

    @property
    def detail_url(self) -> str:
        """Where one comes from, and goes to."""
        return reverse(self.detail, args=[self.kwargs["ref"]])

    def _differences(
        self, forms: Mapping[str, SchemaForm], theirs: Values, mine: Values
    ) -> Sequence[Difference]:
        labels = self.labels(forms)
        found = []
        for key in theirs:
            for path, one, other in differences(theirs[key], mine[key]):
                place = (key, *path)
                where = labels.get(place) or readable(place)
                found.append(Difference(where, shown(one), shown(other)))
        return found

    def labels(self, forms: Mapping[str, SchemaForm]) -> Mapping[Path, str]:
        """Path of an attribute's field to what it is called."""
        return {
            node.path: node.trail
            for node in forms["described"].root
            if len(node.path) == 1
        }

    def _show(
        self,
        resource: Any,
        forms: Mapping[str, SchemaForm],
        base: Values,
        problems: Sequence[Problem] = (),
        hint: str = "",
        differences: Sequence[Difference] = (),
        command: str | None = None,
    ) -> HttpResponse:
        found = [one for form in forms.values() for one in form.problems]
        context = {
            "page_title": self.page_title,
            "resource": resource,
            "forms": [
                (self.headings.get(name, ""), form)
                for name, form in forms.items()
            ],
            "base": signing.dumps(base, salt=self._salt, compress=True),
            "begin": self.request.GET.get("add", ""),
            "problems": [*problems, *found],
            "hint": hint,
            "differences": differences,
            "cancel": self.detail_url,
            "noun": self.noun,
            "command": command,
        }
        return render(self.request, "servicevm/wizard/edit.html", context)
