"""Pages that ask for something in steps.

Each step is a page of its own that the browser sends to the same address;
what was filled in before travels along. So it works at any width and with
the keyboard alone, the back button of a step loses nothing, and what comes
next can depend on what was chosen.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from horizon import exceptions, messages
from openstack_dashboard import policy

from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError
from servicevm_dashboard.schema_form import Problem, SchemaForm, sent_name

Sent = MultiValueDict[str, Any]


class Step:
    """One page of a wizard.

    The names of its inputs begin with its slug.
    """

    slug: ClassVar[str]
    title: ClassVar[Any]
    template_name: ClassVar[str]

    def __init__(self, wizard: "Wizard") -> None:
        self.wizard = wizard

    @property
    def request(self) -> Any:
        return self.wizard.request

    @property
    def data(self) -> Sent:
        """What was filled in, in all steps."""
        return self.wizard.data

    def value(self, name: str) -> str:
        """The last one of an input of this step."""
        return str(self.data.get(f"{self.slug}/{name}") or "")

    def is_valid(self) -> bool:
        """Whether one can go on."""
        return not self.problems

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong, as far as it is known here."""
        return ()

    def refuse(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Show what the service said about this step's fields.

        :returns: what it said about others
        """
        return fields

    def context(self) -> dict[str, Any]:
        """For its template."""
        return {}


class FormStep(Step):
    """A step that is a form out of a schema."""

    template_name = "servicevm/wizard/_form.html"
    #: Where its document is in what the service is sent.
    at: ClassVar[tuple[str, ...]]

    def schema(self) -> Mapping[str, Any]:
        """Of its document."""
        raise NotImplementedError

    def refused_path(self, path: str) -> str:
        """A path of the service, as one of the form."""
        return path

    @cached_property
    def form(self) -> SchemaForm:
        # Nothing of it was sent as long as it was not shown.
        known = sent_name(self.slug) in self.data
        return SchemaForm(
            self.schema(), self.slug, data=self.data if known else None
        )

    def is_valid(self) -> bool:
        return self.form.is_valid()

    @property
    def problems(self) -> Sequence[Problem]:
        return self.form.problems

    def refuse(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        return dict(self.form.refuse(fields, self.at))

    def context(self) -> dict[str, Any]:
        return {"form": self.form}


class Wizard(View):
    """The pages.

    A subclass says which steps there are and what is done at the end.
    """

    steps: ClassVar[Sequence[type[Step]]]
    #: Of the pages; may depend on what was chosen.
    title: Any
    #: Of the button at the end.
    submit: Any = _("Create")
    #: Name of the URL of the list that it belongs to.
    index: ClassVar[str]
    #: What the policy says about who may, without ``servicevm:``.
    rule: ClassVar[str]

    data: Sent

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        rules = (("servicevm", f"servicevm:{self.rule}"),)
        user: Any = request.user
        target = {"project_id": user.project_id, "user_id": user.id}
        if not policy.check(rules, request, target):
            messages.error(request, _("You are not allowed to do that."))
            return redirect(reverse(self.index))
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotAuthenticated:
            # Horizon says so, and where to log in.
            exceptions.handle(request)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.data = MultiValueDict()
        for key, value in self.begin().items():
            self.data[key] = value
        try:
            return self._show(self.start())
        except NotAuthenticated:
            raise
        except ServicevmError as error:
            return self._show(self.steps[0].slug, failure=error)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        sent = unpacked(request.POST)
        self.data = merged(sent)
        now, go = str(sent.get("step")), str(sent.get("go") or "next")
        order = [step.slug for step in self.steps]
        at = order.index(now) if now in order else 0
        if go == "back":
            aim = max(at - 1, 0)
        elif go == "create":
            aim = len(order)
        else:
            aim = order.index(go) if go in order else at + 1
        for slug in order[:aim]:
            # All that comes before it: what was chosen may be gone by now.
            try:
                fits = self[slug].is_valid()
            except NotAuthenticated:
                raise
            except ServicevmError as error:
                return self._show(slug, failure=error)
            if not fits:
                return self._show(slug)
        if aim < len(order):
            return self._show(order[aim])
        try:
            return self.create()
        except NotAuthenticated:
            raise
        except ServicevmError as error:
            return self._refused(error, order[-1])

    def begin(self) -> Mapping[str, str]:
        """Input to value, before anybody filled in anything."""
        return {}

    def start(self) -> str:
        """The step that it begins with."""
        return self.steps[0].slug

    def create(self) -> HttpResponse:
        """Do it, and go where it can be seen.

        :raises ServicevmError: the service refused
        """
        raise NotImplementedError

    def __getitem__(self, slug: str) -> Any:
        """The step of this name; one for each request."""
        if slug not in self._made:
            kind = next(step for step in self.steps if step.slug == slug)
            self._made[slug] = kind(self)
        return self._made[slug]

    @cached_property
    def _made(self) -> dict[str, Step]:
        return {}

    def _refused(self, error: ServicevmError, last: str) -> HttpResponse:
        """The first step that the service says something about."""
        fields: Mapping[str, str] = error.fields
        where = None
        for step in self.steps:
            rest = self[step.slug].refuse(fields)
            if len(rest) < len(fields) and where is None:
                where = step.slug
            fields = rest
        others = [Problem(text) for text in fields.values()]
        if where is not None and not others:
            # What to do is clear where each field says it.
            return self._show(where)
        others = others or [Problem(error.sentence)]
        return self._show(where or last, others, error.hint)

    def _show(
        self,
        slug: str,
        problems: Sequence[Problem] = (),
        hint: str = "",
        failure: ServicevmError | None = None,
    ) -> HttpResponse:
        step = self[slug]
        number = [one.slug for one in self.steps].index(slug)
        context: dict[str, Any] = {
            "page_title": self.title,
            "wizard": self,
            "step": step,
            "number": number + 1,
            "total": len(self.steps),
            # Not the classes: a template would call them.
            "passed": [(one.slug, one.title) for one in self.steps[:number]],
            "coming": [one.title for one in self.steps[number + 1 :]],
            "last": number == len(self.steps) - 1,
            "submit": self.submit,
            "cancel": reverse(self.index),
            "state": state(self.data, slug),
            "hint": hint,
        }
        try:
            if failure is None:
                context |= step.context()
                context["problems"] = [*problems, *step.problems]
        except NotAuthenticated:
            raise
        except ServicevmError as error:
            failure = error
        if failure is not None:
            # The page opens, says what is wrong and can be tried again;
            # the step shows no inputs then, so that they travel along.
            context |= {"failure": failure, "state": state(self.data, "")}
        return render(self.request, "servicevm/wizard/page.html", context)


def unpacked(sent: Any) -> Sent:
    """What a form sent, though its script made one input of all."""
    found: Sent = MultiValueDict(dict(sent.lists()))
    _add(found, found.pop("packed", [""])[-1])
    return found


def merged(sent: Sent) -> Sent:
    """What was filled in in this step, and in those before."""
    found: Sent = MultiValueDict(dict(sent.lists()))
    before: Sent = MultiValueDict()
    _add(before, found.pop("state", [""])[-1])
    for key, values in before.lists():
        found.setlist(key, values)
    return found


def state(data: Sent, but: str) -> str:
    """What was filled in, as one input.

    :param but: the step that shows its own; empty: all are in it
    """
    return json.dumps(
        [
            [key, value]
            for key, values in data.lists()
            for value in values
            if "/" in key and not (but and key.startswith(f"{but}/"))
        ]
    )


def _add(found: Sent, text: Any) -> None:
    """Pairs as JSON; what is none was not written by us."""
    try:
        pairs = json.loads(text or "[]")
    except ValueError:
        return
    for pair in pairs if isinstance(pairs, list) else ():
        match pair:
            case [str(key), str(value)]:
                found.appendlist(key, value)
