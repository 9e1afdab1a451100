"""Closed days: what each close did, and the button for the night on which nobody ran it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import background
from backoffice.core.time import business_day
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.paging import KeysetMixin
from backoffice.desk.step import StepMixin
from backoffice.desk.templatetags.desk import when
from backoffice.loans.admin.closing_progress import EVERY, ask, progress
from backoffice.loans.models import ClosedDay, CloseRun
from backoffice.loans.services.closing import days_to_close, steps
from backoffice.loans.tasks import close_day_by_hand_task


@admin.register(ClosedDay)
class ClosedDayAdmin(KeysetMixin, StepMixin, BaseModelAdmin):
    """The days of the loan book, newest first."""

    page_template = "loans/closed_day_page.html"
    page_fields = ("date", "things", "row_count", "started", "finished")
    list_before_template = "loans/closing_standing.html"
    list_display = ("date", "things", "row_count", "started", "seconds")
    list_display_links = ("date",)

    def get_urls(self) -> list[URLPattern]:
        now = path("now/", self.admin_site.admin_view(self.close_now_view), name="loans_closedday_now")
        return [now, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        now = timezone.now()
        days = days_to_close(until=business_day(now) - timedelta(days=1))
        found = progress(request.session, days, now=now)
        standing = {
            "last": ClosedDay.objects.order_by("-day").first(),
            "days": days,
            "progress": found,
            "may_close": request.user.has_perm("loans.close_day"),
        }
        response = super().changelist_view(request, {**(extra_context or {}), **standing})
        if found is not None and found.running:
            response["Refresh"] = str(EVERY.seconds)
        return response

    def close_now_view(self, request: HttpRequest) -> HttpResponse:
        """Close every day that is over. The night's own run does the same; both at once do no harm."""
        return self.step(
            request,
            permission="loans.close_day",
            title=gettext("Close the days that are over"),
            text=gettext(
                "Loans that fell overdue or changed their class are written down, day by day up to yesterday, and "
                "cases are opened. It happens every night by itself; here if a night was missed."
            ),
            run=self._close_now,
        )

    def _close_now(self, request: HttpRequest, at: datetime) -> str:
        # Seconds at a million loans, but minutes after a week that was missed: the list says how far it is.
        ask(request.session, at=at)
        background.start(close_day_by_hand_task, request.user.pk)
        return self.list_url()

    def page_context(self, request: HttpRequest, obj: ClosedDay) -> dict[str, Any]:
        runs = CloseRun.objects.filter(day=obj.day).order_by("step", "first_id")
        titles = {step.name: step.title for step in steps()}
        return {
            "runs": [
                (
                    titles.get(run.step, run.step),
                    run,
                    f"{run.touched:,}",
                    f"{run.rows_written:,}",
                    _seconds(run),
                )
                for run in runs
            ]
        }

    @admin.display(description=_("day"))
    def date(self, obj: ClosedDay) -> str:
        return obj.day.isoformat()

    @admin.display(description=_("things touched"))
    def things(self, obj: ClosedDay) -> str:
        return f"{obj.touched:,}"

    @admin.display(description=_("rows written"))
    def row_count(self, obj: ClosedDay) -> str:
        return f"{obj.rows_written:,}"

    @admin.display(description=_("started at"))
    def started(self, obj: ClosedDay) -> Any:
        return when(obj.started_at)

    @admin.display(description=_("finished at"))
    def finished(self, obj: ClosedDay) -> Any:
        return when(obj.finished_at)

    @admin.display(description=_("seconds"))
    def seconds(self, obj: ClosedDay) -> str:
        return _seconds(obj)


def _seconds(row: ClosedDay | CloseRun) -> str:
    return f"{(row.finished_at - row.started_at).total_seconds():,.1f}"
