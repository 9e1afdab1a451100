"""What the conduct desk puts into the registries, and its panels on the pages of the desks below."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.paging import COUNT_LIMIT, bounded_count
from backoffice.desk.registry import Panel, SidebarItem, TimelineItem, TimelineSource, registries
from backoffice.loans.choices import Channel
from backoffice.loans.models import Borrower
from backoffice.staff.models import User
from conduct.choices import RuleKind
from conduct.models import AllegedContact
from conduct.selectors import breach_counts, failing, judge_contacts
from conduct.words import chips, name_of, say
from debt_collections import gate
from debt_collections.choices import CaseState, Purpose
from debt_collections.gate import ContactQuestion
from debt_collections.models import Case, Collector, ContactAttempt
from debt_collections.selectors import contacts_for_borrower, contacts_for_case, contacts_for_collector

PANEL_ROWS = 10
COLLECTOR_DAYS = 90


def contact_url(pk: int) -> str:
    return reverse("admin:collections_contactattempt_change", args=(pk,))


def _rows(contacts: list[ContactAttempt]) -> list[dict[str, Any]]:
    judged = judge_contacts(contacts)
    return [
        {"contact": one, "chips": chips(judged.get(one.pk, ())), "url": contact_url(one.pk)}
        for one in contacts
    ]


def contact_items(
    *, borrower_id: int, viewer: User, before: datetime | None, limit: int
) -> list[TimelineItem]:
    """The newest contacts with the borrower; those that broke a rule stand out."""
    contacts = contacts_for_borrower(borrower_id, viewer=viewer, before=before, limit=limit)
    judged = judge_contacts(contacts)
    items = []
    for one in contacts:
        broken = failing(judged.get(one.pk, ()))
        words = {"channel": one.get_channel_display(), "connection": one.get_connection_display()}
        items.append(
            TimelineItem(
                at=one.started_at,
                title=_("%(channel)s: %(connection)s") % words,
                source="contact",
                tone="bad" if broken else "neutral",
                detail=", ".join(str(name_of(verdict)) for verdict in broken),
                actor=one.collector.name if one.collector else "",
                url=contact_url(one.pk),
            )
        )
    return items


def borrower_contacts(request: HttpRequest, borrower: Borrower) -> dict[str, Any] | None:
    """The last contacts with their verdicts."""
    contacts = contacts_for_borrower(borrower.pk, viewer=request.user, limit=PANEL_ROWS)  # type: ignore[arg-type]
    return {"rows": _rows(contacts)} if contacts else None


def case_contacts(request: HttpRequest, case: Case) -> dict[str, Any] | None:
    """The last contacts of the case with their verdicts."""
    contacts = contacts_for_case(case.pk, viewer=request.user)  # type: ignore[arg-type]
    return {"rows": _rows(contacts)}


def may_we_call(request: HttpRequest, case: Case) -> dict[str, Any] | None:
    """What the gate says of a call to collect, now, by whoever has the case."""
    if case.state != CaseState.OPEN:
        return None
    current = case.placements.filter(until__isnull=True).select_related("collector").first()
    answer = gate.ask(
        ContactQuestion(
            borrower=case.borrower,
            collector=current.collector if current else None,
            case=case,
            channel=Channel.CALL,
            purpose=Purpose.COLLECT,
            at=timezone.now(),
        )
    )
    failing_rules = [
        (RuleKind(rule.kind).label if rule.kind else rule.code, rule, say(rule.explanation))
        for rule in answer.failing
    ]
    return {"answer": answer, "failing_rules": failing_rules}


def collector_record(request: HttpRequest, collector: Collector) -> dict[str, Any] | None:
    """The last weeks of a collector: how many contacts, how many broke which rule, and the newest of them."""
    since = timezone.now() - timedelta(days=COLLECTOR_DAYS)
    contacts = contacts_for_collector(collector.pk, viewer=request.user, since=since)  # type: ignore[arg-type]
    judged = judge_contacts(contacts)
    names = {verdict.code: name_of(verdict) for verdicts in judged.values() for verdict in verdicts}
    counts = breach_counts(judged)
    broken = [one for one in contacts if failing(judged.get(one.pk, ()))]
    shown = (broken + [one for one in contacts if one not in broken])[:PANEL_ROWS]
    return {
        "days": COLLECTOR_DAYS,
        "total": len(contacts),
        "in_breach": len(broken),
        "counts": [(names[code], number) for code, number in counts.most_common()],
        "rows": [
            {"contact": one, "chips": chips(judged.get(one.pk, ())), "url": contact_url(one.pk)}
            for one in shown
        ],
    }


def unmatched(user: User) -> int:
    """Alleged contacts of which we hold no record."""
    return bounded_count(AllegedContact.objects.filter(matched__isnull=True), limit=COUNT_LIMIT)


def contact_page(dossier: Dossier) -> str | None:
    pk = ContactAttempt.objects.filter(dossier=dossier).values_list("pk", flat=True).first()
    return contact_url(pk) if pk else None


registries.sidebar.register(
    "collections.contact",
    SidebarItem(
        desk="collections",
        title=gettext_lazy("Contacts"),
        url=lambda: reverse("admin:collections_contactattempt_changelist"),
        icon="call",
        permission="collections.view_contactattempt",
        order=20,
    ),
)
registries.sidebar.register(
    "conduct.alleged",
    SidebarItem(
        desk="conduct",
        title=gettext_lazy("Alleged contacts"),
        url=lambda: reverse("admin:conduct_allegedcontact_changelist"),
        icon="phone_missed",
        permission="conduct.view_allegedcontact",
        order=10,
        count=unmatched,
    ),
)
registries.sidebar.register(
    "conduct.rules",
    SidebarItem(
        desk="conduct",
        title=gettext_lazy("Rule sets"),
        url=lambda: reverse("admin:conduct_ruleset_changelist"),
        icon="rule",
        permission="conduct.view_ruleset",
        order=50,
    ),
)
registries.task_kinds.register(
    "conduct.investigate_complaint", gettext_lazy("Look into the collection complained of")
)
registries.timeline.register("contact", TimelineSource(label=gettext_lazy("Contacts"), items=contact_items))
registries.dossier_pages.register(DossierKind.CONTACT, contact_page)
for _name, _page, _title, _template, _context, _order in (
    ("borrower", "loans.borrower", gettext_lazy("Last contacts"), "contacts", borrower_contacts, 30),
    ("gate", "collections.case", gettext_lazy("May we call now?"), "gate", may_we_call, 10),
    ("case", "collections.case.main", gettext_lazy("Contacts"), "contacts", case_contacts, 10),
    ("collector", "collections.collector.main", gettext_lazy("Conduct"), "collector", collector_record, 10),
):
    registries.panels.register(
        f"conduct.{_name}",
        Panel(
            page=_page,
            title=_title,
            template=f"conduct/parts/{_template}.html",
            context=_context,
            permission="collections.view_contactattempt",
            order=_order,
        ),
    )
