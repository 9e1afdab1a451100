"""The partner API. Every address starts from the cases offered to the client's organisation; the rest is 404."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from backoffice.api.formats import MomentField
from backoffice.api.paging import FeedPagination
from backoffice.api.problems import Problem
from backoffice.api.versions import etag
from backoffice.api.views import ApiView
from backoffice.audit.models import ReadEvent
from backoffice.audit.services import log_read
from complaints.mediation import contents, selectors
from complaints.mediation.api import answers, examples
from complaints.mediation.choices import ReferralState
from complaints.mediation.models import Referral

READ, PARTIES = "referrals:read", "parties:read"
EVENTS_PER_PAGE = 100


class PartnerView(ApiView):
    """An endpoint that knows which cases exist for the caller."""

    def visible(self, request: Request, *, at: datetime) -> QuerySet[Referral]:
        return selectors.visible_referrals(_token(request).application, at=at)

    def referral(self, request: Request, uid: UUID, *, at: datetime) -> Referral:
        """The case, or 404: it does not exist, it is another organisation's, or access has ended."""
        found = selectors.with_related(self.visible(request, at=at)).filter(dossier__uid=uid).first()
        if found is None:
            raise Http404
        return found

    def open_referral(self, request: Request, uid: UUID, *, at: datetime) -> Referral:
        """As ``referral``; of a closed door only the tombstone is left, so its parts are 404."""
        found = self.referral(request, uid, at=at)
        if contents.is_tombstone(found):
            raise Http404
        return found


class ReferralListView(PartnerView):
    """The cases offered to the organisation, in the order in which they last changed."""

    required_scopes = {"GET": READ}
    pagination_class = FeedPagination
    serializer_class = answers.ReferralItemAnswer

    @extend_schema(
        operation_id="list_referrals",
        parameters=[
            OpenApiParameter("state", str, enum=ReferralState.values, many=True),
            OpenApiParameter("updated_since", datetime, description="RFC 3339 with offset, inclusive"),
        ],
        responses=answers.ReferralItemAnswer(many=True),
        examples=[
            OpenApiExample("A case", examples.ITEM, response_only=True),
            OpenApiExample("A tombstone", examples.TOMBSTONE, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        referrals = self.visible(request, at=at)
        if states := request.query_params.getlist("state"):
            if not set(states) <= set(ReferralState.values):
                raise Problem("parameter-invalid", _("“state” is not a state of a case."))
            referrals = referrals.filter(state__in=states)
        if since := request.query_params.get("updated_since"):
            referrals = referrals.filter(updated_at__gte=_moment(since))
        rows = self.paginate_queryset(selectors.for_feed(referrals)) or []
        listed = [row["dossier_id"] for row in rows]
        log_read(what=ReadEvent.What.LIST, at=at, path=request.path, count=len(rows), listed=listed)
        return self.get_paginated_response(contents.list_items(rows))


class ReferralView(PartnerView):
    """One case with everything the consent covers."""

    required_scopes = {"GET": READ}
    serializer_class = answers.ReferralAnswer

    @extend_schema(
        operation_id="read_referral",
        responses=answers.ReferralAnswer,
        examples=[OpenApiExample("An accepted case", examples.REFERRAL, response_only=True)],
    )
    def get(self, request: Request, uid: UUID) -> Response:
        at = timezone.now()
        referral = self.referral(request, uid, at=at)
        log_read(what=ReadEvent.What.PAGE, at=at, path=request.path, dossier=referral.dossier)
        return Response(contents.referral_contents(referral, at=at), headers={"ETag": etag(referral.version)})


class PartiesView(PartnerView):
    """Who is in dispute: masked, or in full for a stated purpose as far as the consent goes. Each call is logged."""

    required_scopes = {"GET": READ}
    serializer_class = answers.PartiesAnswer

    @extend_schema(
        operation_id="read_parties",
        parameters=[
            OpenApiParameter("detail", str, enum=["masked", "full"], default="masked"),
            OpenApiParameter(
                "Access-Purpose",
                str,
                OpenApiParameter.HEADER,
                description="1 to 200 characters; for detail=full",
            ),
        ],
        responses=answers.PartiesAnswer,
        examples=[OpenApiExample("Masked", examples.PARTIES, response_only=True)],
    )
    def get(self, request: Request, uid: UUID) -> Response:
        at = timezone.now()
        referral = self.open_referral(request, uid, at=at)
        detail = request.query_params.get("detail", "masked")
        if detail not in {"masked", "full"}:
            raise Problem("parameter-invalid", _("“detail” is masked or full."))
        full = detail == "full"
        purpose = _purpose(request)
        if full:
            _require_scope(request, PARTIES)
            if not 1 <= len(purpose) <= 200:
                raise Problem("purpose-missing")
        found = contents.parties(referral, full=full)
        log_read(
            what=ReadEvent.What.REVEAL if full else ReadEvent.What.PAGE,
            at=at,
            path=request.path,
            dossier=referral.dossier,
            subject_id=found.subject_id,
            fields=found.fields,
            count=len(found.items),
            purpose=purpose,
        )
        in_full = {"identity": found.identity_in_full, "contact": found.contact_in_full}
        return Response({"in_full": in_full, "items": found.items})


class EventsView(PartnerView):
    """What both sides did, in its order. Append-only."""

    required_scopes = {"GET": READ}
    serializer_class = answers.EventsAnswer

    @extend_schema(
        operation_id="list_events",
        parameters=[OpenApiParameter("after", int, description="The last sequence already known")],
        responses=answers.EventsAnswer,
        examples=[OpenApiExample("Offered and accepted", examples.EVENTS, response_only=True)],
    )
    def get(self, request: Request, uid: UUID) -> Response:
        at = timezone.now()
        referral = self.open_referral(request, uid, at=at)
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) <= 9):
            raise Problem("parameter-invalid", _("“after” is a number."))
        events = selectors.events_of(referral, after=int(after), limit=EVENTS_PER_PAGE + 1)
        log_read(
            what=ReadEvent.What.PAGE, at=at, path=request.path, dossier=referral.dossier, count=len(events)
        )
        headers = {}
        if len(events) > EVENTS_PER_PAGE:
            events = events[:EVENTS_PER_PAGE]
            link = replace_query_param(request.build_absolute_uri(), "after", str(events[-1].sequence))
            headers["Link"] = f'<{link}>; rel="next"'
        return Response({"items": contents.event_items(events, referral=referral)}, headers=headers)


def _moment(text: str) -> datetime:
    try:
        # An unescaped plus arrives as a blank.
        return MomentField().to_internal_value(text.replace(" ", "+"))
    except ValidationError as error:
        raise Problem("parameter-invalid", _("“updated_since” is a time with its offset.")) from error


def _purpose(request: Request) -> str:
    """Headers come as Latin-1; what was sent is most likely UTF-8."""
    given: str = request.headers.get("Access-Purpose", "")
    try:
        return given.encode("latin-1").decode().strip()
    except UnicodeError:
        return given.strip()


def _token(request: Request) -> Any:
    """The token of an authenticated request: the library's row, which its stubs do not know."""
    return request.auth


def _require_scope(request: Request, scope: str) -> None:
    token = _token(request)
    if scope not in set(token.scope.split()) & set(token.application.scopes):
        raise Problem(
            "scope-missing",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )
