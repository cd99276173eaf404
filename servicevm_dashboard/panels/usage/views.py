"""What was used in a period."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import live
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import OWN, Client, UsageResource
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.usage import amounts, period, tables
from servicevm_dashboard.permitted import permitted

LOG = logging.getLogger(__name__)

__all__ = ["IndexView", "OfPeriod"]


class OfPeriod(live.LiveTableView):
    """A list of what was used; it has one order, and is not read again."""

    template_name = "servicevm/usage/index.html"
    filter_class = period.PeriodFilter

    @cached_property
    def today(self) -> date:
        """The same day for all of a page."""
        return period.today()

    def whose(self) -> Mapping[str, Any]:
        """What the list is of, as the service is asked for it."""
        return self.always

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        query = self.filter.query()
        stays = {
            key: value
            for key, value in query.items()
            if key not in ("first", "last")
        }
        shown = period.asked(query, self.today)
        return context | {
            "interval": 0,
            # There is no list of all times.
            "filtered": False,
            "periods": period.offered(self.today, query, **stays),
            "first": date.fromisoformat(shown["start"][:10]),
            "last": period.last_day(shown),
        }

    def _shown(self, **asked: Any) -> live.Pager:
        query = self.filter.query()
        told = {
            key: value
            for key, value in asked.items()
            if key not in ("sort", "first", "last")
        }
        page = servicevm.call(
            self.request,
            Client.page,
            self.kind,
            **self.whose(),
            **told,
            **period.asked(query, self.today),
        )
        pager = live.Pager(page, query, "")
        self.get_table().pager = pager
        return pager


class IndexView(OfPeriod):
    """What the project has used, in all and of each device and service."""

    page_title = _("Usage")
    kind = UsageResource
    table_class = tables.ResourcesTable
    failure = _("The usage could not be read.")

    def project(self) -> str:
        """Whose."""
        return OWN

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"totals": self._totals()}

    def _totals(self) -> Any:
        """None where they are not known: the list says why."""
        if not permitted(self.request, "usage:show"):
            return None
        try:
            found = servicevm.call(
                self.request,
                Client.get_usage,
                self.project(),
                **period.asked(self.filter.query(), self.today),
            )
        except ServicevmError as error:
            LOG.warning("The usage could not be added up: %s", error)
            return None
        return amounts.shown(found)
