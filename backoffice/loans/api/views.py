"""Loans and repayments for the lender's own systems: of the creditors opened to the client; the rest is 404."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.utils.urls import replace_query_param

from backoffice.api.filters import FilterBackend
from backoffice.api.idempotency import idempotent
from backoffice.api.models import Client
from backoffice.api.paging import FeedPagination, LogPagination
from backoffice.api.problems import Problem
from backoffice.api.views import ApiView
from backoffice.audit.models import ReadEvent
from backoffice.audit.services import log_read
from backoffice.core.errors import InputRefused
from backoffice.core.time import business_day
from backoffice.loans import lender
from backoffice.loans.api import contents, examples
from backoffice.loans.api.filters import LoanFilter, OfLoanFilter, RepaymentFilter
from backoffice.loans.api.serializers import (
    LoanDetailAnswer,
    LoanItemAnswer,
    RepaymentAnswer,
    RepaymentBody,
    ReversalBody,
)
from backoffice.loans.models import Creditor, Loan, PostingRequest, Repayment
from backoffice.loans.pricing import cost_policy
from backoffice.loans.services.reporting import Reported, report_repayment, report_reversal
from backoffice.staff.models import User

READ_LOANS, READ, WRITE = "loans:read", "repayments:read", "repayments:write"
WHOSE = OpenApiParameter(
    "creditor",
    str,
    description="The creditor's name, for a client of several: each creditor gives its own ids",
)


class LoanPagination(FeedPagination):
    """A loan keeps its place."""

    order_fields = ("id",)


class LoansView(ApiView):
    """The loans this client may see, as of today."""

    required_scopes = {"GET": READ_LOANS}
    queryset = Loan.objects.none()
    pagination_class = LoanPagination
    filter_backends = [FilterBackend]
    filterset_class = LoanFilter
    serializer_class = LoanItemAnswer

    @extend_schema(
        operation_id="list_loans",
        responses=LoanItemAnswer(many=True),
        examples=[OpenApiExample("An overdue loan", [examples.LOAN_ITEM], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        at = timezone.now()
        found = self.filter_queryset(lender.visible_loans(_client(request)))
        loans: list[Loan] = list(self.paginate_queryset(lender.with_related(found)) or [])
        items = [contents.loan_item(one) for one in lender.snapshots(loans, on=business_day(at))]
        listed = [loan.dossier_id for loan in loans]
        log_read(what=ReadEvent.What.LIST, at=at, path=request.path, count=len(loans), listed=listed)
        return self.get_paginated_response(items)


class LoanView(ApiView):
    """One loan with its schedule, today or as of the end of an earlier day."""

    required_scopes = {"GET": READ_LOANS}
    serializer_class = LoanDetailAnswer

    @extend_schema(
        operation_id="read_loan",
        parameters=[
            OpenApiParameter(
                "on",
                date,
                description="A day from the day of payment up to today: the account as it stood at its end, by what "
                "is known now to have been received by then. A loan that is paid out later is told as of today only",
            )
        ],
        responses=LoanDetailAnswer,
        examples=[OpenApiExample("An overdue loan", examples.LOAN, response_only=True)],
    )
    def get(self, request: Request, uid: UUID) -> Response:
        at = timezone.now()
        loan = _loan(request, uid)
        on = _asked_day(request, loan, today=business_day(at))
        log_read(what=ReadEvent.What.PAGE, at=at, path=request.path, dossier=loan.dossier)
        costs = cost_policy(on=loan.disbursed_on)
        return Response(contents.loan_contents(lender.snapshots([loan], on=on)[0], costs=costs))


class _RepaymentList(ApiView):
    """What the two lists of repayments have in common."""

    queryset = Repayment.objects.none()
    pagination_class = LogPagination
    filter_backends = [FilterBackend]
    serializer_class: Any = RepaymentAnswer

    def page(self, request: Request, repayments: Any, **read: Any) -> Response:
        """One page of them; one read row."""
        rows: list[Repayment] = list(self.paginate_queryset(self.filter_queryset(repayments)) or [])
        log_read(at=timezone.now(), path=request.path, count=len(rows), **read or _listed(rows))
        return self.get_paginated_response(contents.repayment_items(rows))


class LoanRepaymentsView(_RepaymentList):
    """The repayments of one loan, reversals among them."""

    required_scopes = {"GET": READ}
    filterset_class = OfLoanFilter

    @extend_schema(
        operation_id="list_loan_repayments",
        responses=RepaymentAnswer(many=True),
        examples=[OpenApiExample("One repayment", [examples.REPAYMENT], response_only=True)],
    )
    def get(self, request: Request, uid: UUID) -> Response:
        loan = _loan(request, uid)
        found = lender.visible_repayments(_client(request)).filter(loan=loan)
        return self.page(request, found, what=ReadEvent.What.PAGE, dossier=loan.dossier)


class RepaymentsView(_RepaymentList):
    """Report money that was received; list what was."""

    required_scopes = {"GET": READ, "POST": WRITE}
    filterset_class = RepaymentFilter
    serializer_class = RepaymentBody

    @extend_schema(
        operation_id="list_repayments",
        responses=RepaymentAnswer(many=True),
        examples=[OpenApiExample("One repayment", [examples.REPAYMENT], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return self.page(request, lender.visible_repayments(_client(request)))

    def check_access(self, request: Request) -> None:
        body = RepaymentBody(data=request.data)
        body.is_valid(raise_exception=True)
        _loan_numbered(request, body.validated_data["loan_number"])

    @extend_schema(
        operation_id="report_repayment",
        request=RepaymentBody,
        responses={200: RepaymentAnswer, 201: RepaymentAnswer, 202: RepaymentAnswer},
        examples=[
            OpenApiExample("A direct debit", examples.BODY, request_only=True),
            OpenApiExample("Posted", examples.REPAYMENT, response_only=True, status_codes=["201"]),
            OpenApiExample("Was there before", examples.REPAYMENT, response_only=True, status_codes=["200"]),
            OpenApiExample(
                "Awaits a second person", examples.REQUESTED, response_only=True, status_codes=["202"]
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = RepaymentBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        loan = _loan_numbered(request, given.pop("loan_number"))
        by, at = cast(User, request.user), timezone.now()
        reported = report_repayment(loan=loan, by=by, at=at, **given)
        return _answer(request, reported, given["external_id"], loan.creditor)


class RepaymentView(ApiView):
    """One repayment by the id under which it was reported."""

    required_scopes = {"GET": READ}
    serializer_class = RepaymentAnswer

    @extend_schema(
        operation_id="read_repayment",
        parameters=[WHOSE],
        responses=RepaymentAnswer,
        examples=[OpenApiExample("Posted", examples.REPAYMENT, response_only=True)],
    )
    def get(self, request: Request, external_id: str) -> Response:
        found = _reported(request, external_id)
        log_read(what=ReadEvent.What.PAGE, at=timezone.now(), path=request.path, dossier=found.loan.dossier)
        return Response(contents.posting(found))


class ReversalView(ApiView):
    """Take a repayment back that was not one: it counts as never received, on every past day too."""

    required_scopes = {"POST": WRITE}
    serializer_class = ReversalBody

    def check_access(self, request: Request, external_id: str) -> None:
        self._repayment(request, external_id)

    @extend_schema(
        operation_id="reverse_repayment",
        parameters=[WHOSE],
        request=ReversalBody,
        responses={200: RepaymentAnswer, 201: RepaymentAnswer, 202: RepaymentAnswer},
        examples=[
            OpenApiExample("A bounced debit", examples.REVERSAL_BODY, request_only=True),
            OpenApiExample("Reversed", examples.REVERSED, response_only=True, status_codes=["201"]),
        ],
    )
    @idempotent
    def post(self, request: Request, external_id: str) -> Response:
        repayment = self._repayment(request, external_id)
        body = ReversalBody(data=request.data)
        body.is_valid(raise_exception=True)
        reported = report_reversal(
            repayment=repayment,
            reason=body.validated_data["reason"],
            by=cast(User, request.user),
            at=timezone.now(),
        )
        return _answer(request, reported, external_id, repayment.creditor)

    def _repayment(self, request: Request, external_id: str) -> Repayment:
        found = _reported(request, external_id)
        if not isinstance(found, Repayment):
            raise Http404
        return found


def _client(request: Request) -> Client:
    """The machine that calls; the scopes of its token were checked."""
    client: Client = cast(Any, request.auth).application
    return client


def _loan(request: Request, uid: UUID) -> Loan:
    visible = lender.visible_loans(_client(request))
    loan = lender.with_related(visible).filter(dossier__uid=uid).first()
    if loan is None:
        raise Http404
    return loan


def _loan_numbered(request: Request, number: str) -> Loan:
    visible = lender.visible_loans(_client(request)).select_related("dossier", "creditor")
    loan = visible.filter(number=number).first()
    if loan is None:
        raise InputRefused(_("None of the loans open to you has this number."), field="loan_number")
    return loan


def _reported(request: Request, external_id: str, creditor: str = "") -> Repayment | PostingRequest:
    """What goes by this id. Each creditor gives its own ids, so a client of several may have to say whose is meant."""
    whose = creditor or request.query_params.get("creditor", "")
    found = lender.reported(_client(request), external_id, creditor=whose)
    if not found:
        raise Http404
    if len(found) > 1:
        raise Problem(
            "parameter-invalid",
            _("Several of your creditors use this id; say with “creditor” whose is meant."),
        )
    return found[0]


def _asked_day(request: Request, loan: Loan, *, today: date) -> date:
    given = request.query_params.get("on", "")
    try:
        on = date.fromisoformat(given) if given else today
    except ValueError as error:
        raise Problem("parameter-invalid", _("“on” is a day like 2026-11-23.")) from error
    # One that is going to be paid out is told as of today.
    if not min(loan.disbursed_on, today) <= on <= today:
        words = _("“on” is a day from the day the loan was paid out, %(first)s, up to today, %(last)s.")
        raise Problem("parameter-invalid", words % {"first": loan.disbursed_on, "last": today})
    return on


def _answer(request: Request, reported: Reported, external_id: str, creditor: Creditor) -> Response:
    """201 for what is posted now, 200 for what was before, 202 for what awaits a second person."""
    waits = isinstance(reported.posting, PostingRequest)
    status = 202 if waits else 200 if reported.known else 201
    # Read again: what was posted has paid something, and what is reversed says so.
    found = _reported(request, external_id, creditor.name)
    place = reverse("repayment", kwargs={"external_id": external_id}, request=request)
    if len(lender.creditors_of(_client(request))) > 1:
        place = replace_query_param(place, "creditor", creditor.name)
    return Response(contents.posting(found), status=status, headers={"Location": place})


def _listed(rows: list[Repayment]) -> dict[str, Any]:
    return {"what": ReadEvent.What.LIST, "listed": sorted({row.loan.dossier_id for row in rows})}
