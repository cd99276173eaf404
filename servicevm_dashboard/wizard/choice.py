"""A step in which one of several is chosen."""

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from servicevm_dashboard.schema_form import Problem
from servicevm_dashboard.wizard.step import Step


class Choice(Step):
    """One of several, by radio buttons that are called ``id``.

    The button of each is called after the step and what it stands for:
    ``template-ID``.

    :ivar asked: somebody wanted to go on
    :ivar objection: what the service said about the one that was chosen
    """

    #: Where it is in what the service is sent.
    field: ClassVar[str]

    asked = False
    objection = ""

    @property
    @abc.abstractmethod
    def options(self) -> Mapping[str, str]:
        """Each that there is, and why it can not be chosen, if so."""

    @property
    def settled(self) -> bool:
        """Whether one was chosen that can be."""
        return self.options.get(self.value("id")) == ""

    def is_valid(self) -> bool:
        self.asked = True
        return not self.problems

    @property
    def problems(self) -> Sequence[Problem]:
        if not self.asked:
            return ()
        chosen, options = self.value("id"), self.options
        at = chosen if chosen in options else next(iter(options), "")
        button = f"{self.slug}-{at}" if at else ""
        if chosen not in options:
            return [Problem(_("Choose one."), self.title, button)]
        why = options[chosen] or self.objection
        return [Problem(why, self.title, button)] if why else ()

    def refuse(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        if self.field in fields:
            self.asked, self.objection = True, fields[self.field]
        return {key: fields[key] for key in fields if key != self.field}

    def context(self) -> dict[str, Any]:
        return {
            "chosen": self.value("id"),
            "stuck": all(self.options.values()),
            # One that can not be chosen says so itself.
            "objection": self.settled and self.objection,
        }
