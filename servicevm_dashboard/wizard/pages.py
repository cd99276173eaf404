"""The view behind the pages of a wizard."""

import abc
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

from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError
from servicevm_dashboard.permitted import permitted
from servicevm_dashboard.schema_form import Problem
from servicevm_dashboard.wizard.sent import Sent, merged, state, unpacked
from servicevm_dashboard.wizard.step import Step


class Wizard(View, abc.ABC):
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
        try:
            if not permitted(request, self.rule, self.datum()):
                messages.error(request, _("You are not allowed to do that."))
                return redirect(self.home)
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
            # Nothing is made but by the button that says so.
            onwards = min(at + 1, len(order) - 1)
            aim = order.index(go) if go in order else onwards
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

    def datum(self) -> Any:
        """What is changed; None where something new is made."""
        return None

    @property
    def home(self) -> str:
        """Where one comes from, and goes to if nothing is done."""
        return reverse(self.index)

    def begin(self) -> Mapping[str, str]:
        """Input to value, before anybody filled in anything."""
        return {}

    def start(self) -> str:
        """The step that it begins with."""
        return self.steps[0].slug

    @abc.abstractmethod
    def create(self) -> HttpResponse:
        """Do it, and go where it can be seen.

        :raises ServicevmError: the service refused
        """

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
        fields = error.fields or self._about(error)
        where = None
        for step in self.steps:
            rest = self[step.slug].refuse(fields)
            if len(rest) < len(fields) and where is None:
                where = step.slug
            fields = rest
        others = [Problem(text) for text in fields.values()]
        if where is not None and not others:
            # What to do is clear where each field says it.
            return self._show(where, hint="" if error.fields else error.hint)
        others = others or [Problem(error.sentence)]
        return self._show(where or last, others, error.hint)

    def _about(self, error: ServicevmError) -> Mapping[str, str]:
        """The field that a refusal is about though it names none."""
        for step in self.steps:
            if error.code in step.about:
                return {step.about[error.code]: error.sentence}
        return {}

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
            "cancel": self.home,
            "state": state(self.data, slug),
            "hint": hint,
        }
        try:
            if failure is None:
                context |= step.context()
                context["problems"] = [*problems, *step.problems]
                before = [self[one.slug] for one in self.steps[:number]]
                if not step.sums_up:
                    context["answers"] = [one for one in before if one.answer]
        except NotAuthenticated:
            raise
        except ServicevmError as error:
            failure = error
        if failure is not None:
            # The page opens, says what is wrong and can be tried again;
            # the step shows no inputs then, so that they travel along.
            context |= {"failure": failure, "state": state(self.data, "")}
        return render(self.request, "servicevm/wizard/page.html", context)
