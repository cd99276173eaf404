"""What one page of a wizard knows."""

import abc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.functional import cached_property

from servicevm_dashboard.schema_form import Problem, SchemaForm, sent_name
from servicevm_dashboard.wizard.sent import Sent

if TYPE_CHECKING:
    from servicevm_dashboard.wizard.pages import Wizard


class Step(abc.ABC):
    """One page of a wizard.

    The names of its inputs begin with its slug.
    """

    slug: ClassVar[str]
    title: ClassVar[Any]
    template_name: ClassVar[str]
    #: It shows what was chosen before by itself.
    sums_up: ClassVar[bool] = False
    #: Code of a refusal that may name no field to the field it is about.
    about: ClassVar[Mapping[str, str]] = {}

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

    @property
    def answer(self) -> str:
        """What was chosen, for the steps after it; empty: not told there."""
        return ""

    def context(self) -> dict[str, Any]:
        """For its template."""
        return {}


class FormStep(Step):
    """A step that is a form out of a schema."""

    template_name = "servicevm/wizard/_form.html"
    #: Where its document is in what the service is sent.
    at: ClassVar[tuple[str, ...]]

    @abc.abstractmethod
    def schema(self) -> Mapping[str, Any]:
        """Of its document."""

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
        # What is the resource's own is asked for in several steps.
        shared = len(self.at) == 1
        return dict(self.form.refuse(fields, self.at, shared=shared))

    def context(self) -> dict[str, Any]:
        return {"form": self.form}
