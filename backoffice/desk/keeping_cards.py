"""Cards on the pages of other apps: legal holds on a dossier, and the way to the erasure of a person."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Erasure, LegalHold
from backoffice.audit.workflow import HOLD, REQUEST
from backoffice.desk.registry import Panel, registries


def hold_card(request: HttpRequest, obj: Any) -> dict[str, Any] | None:
    """The holds in force on the page's dossier, and the way to a new one for those who may place it."""
    holds = list(LegalHold.objects.filter(dossier=obj.dossier_id, lifted_at__isnull=True).order_by("-pk"))
    may_place = request.user.has_perm(HOLD)
    if not holds and not may_place:
        return None
    return {
        "holds": [(one, reverse("admin:audit_legalhold_change", args=(one.pk,))) for one in holds],
        "place_url": f"{reverse('admin:audit_legalhold_add')}?dossier={obj.dossier.uid}" if may_place else "",
    }


def offer_holds(page: str) -> None:
    """Put the card on the page of that name; its object has a ``dossier``. Called by the app of the page."""
    registries.panels.register(
        f"{page}.legal_holds",
        Panel(
            page=page,
            title=_("Legal holds"),
            template="desk/parts/hold_card.html",
            context=hold_card,
            permission="audit.view_legalhold",
            order=85,
        ),
    )


def _erasures(request: HttpRequest, subject_id: int, uid: Callable[[], uuid.UUID]) -> dict[str, Any] | None:
    # One statement instead of the walk through all aliases: this is drawn with every page of a borrower.
    same = Q(subject=subject_id) | Q(subject__same_as=subject_id) | Q(subject__aliases=subject_id)
    rows = Erasure.objects.filter(same).distinct().order_by("-pk")[:5]
    erasures = [(one, reverse("admin:audit_erasure_change", args=(one.pk,))) for one in rows]
    # What is asked for has to be decided first, and nobody is erased twice.
    settled = any(one.state != Erasure.State.REFUSED for one, _url in erasures)
    may_ask = request.user.has_perm(REQUEST) and not settled
    if not erasures and not may_ask:
        return None
    return {
        "erasures": erasures,
        "ask_url": f"{reverse('admin:audit_erasure_request')}?subject={uid()}" if may_ask else "",
    }


def subject_card(request: HttpRequest, obj: Any) -> dict[str, Any] | None:
    """The erasures of a data subject, on its own page."""
    return _erasures(request, obj.pk, lambda: obj.uid)


def owner_card(request: HttpRequest, obj: Any) -> dict[str, Any] | None:
    """The erasures of the person that the page's object is about."""
    return _erasures(request, obj.subject_id, lambda: obj.subject.uid)


def offer_erasure(page: str, context: Any = owner_card) -> None:
    """Put the card on the page of that name; its object has a ``subject``. Called by the app of the page."""
    registries.panels.register(
        f"{page}.erasure",
        Panel(
            page=page,
            title=_("Erasure"),
            template="desk/parts/erasure_card.html",
            context=context,
            permission="audit.view_erasure",
            order=95,
        ),
    )
