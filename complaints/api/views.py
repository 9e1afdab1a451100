"""Complaints over the API: filed by the lender's own systems, and seen by the client that filed them."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from backoffice.api.formats import moment
from backoffice.api.idempotency import idempotent
from backoffice.api.models import Client
from backoffice.api.paging import FeedPagination
from backoffice.api.views import ApiView
from backoffice.audit.models import ReadEvent
from backoffice.audit.services import log_read
from backoffice.core.errors import InputRefused
from backoffice.staff.models import User
from complaints import selectors, services
from complaints.api import examples
from complaints.api.serializers import ComplaintAnswer, ComplaintBody, ComplaintItemAnswer
from complaints.services import NewAllegation, NewComplainant, NewContact, NewDemand, NewFile

READ, WRITE = "complaints:read", "complaints:write"


class ComplaintPagination(FeedPagination):
    """A complaint keeps its place in the order of receipt."""

    order_fields = ("received_at", "id")


class ComplaintsView(ApiView):
    """File a complaint; list those this client has filed."""

    required_scopes = {"GET": READ, "POST": WRITE}
    pagination_class = ComplaintPagination
    serializer_class = ComplaintBody

    @extend_schema(
        operation_id="list_complaints",
        responses=ComplaintItemAnswer(many=True),
        examples=[OpenApiExample("One complaint", [examples.ITEM], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        rows = self.paginate_queryset(selectors.filed_by(_client(request))) or []
        listed = [row["dossier_id"] for row in rows]
        at = timezone.now()
        log_read(what=ReadEvent.What.LIST, at=at, path=request.path, count=len(rows), listed=listed)
        return self.get_paginated_response([_item(row) for row in rows])

    @extend_schema(
        operation_id="file_complaint",
        request=ComplaintBody,
        responses={201: ComplaintAnswer},
        examples=[
            OpenApiExample("Calls at night", examples.BODY, request_only=True),
            OpenApiExample("Filed", examples.ANSWER, response_only=True, status_codes=["201"]),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = ComplaintBody(data=request.data)
        body.is_valid(raise_exception=True)
        at = timezone.now()
        try:
            complaint = services.file_complaint(
                **_arguments(body.validated_data), client=_client(request), by=cast(User, request.user), at=at
            )
        except InputRefused as refusal:
            raise InputRefused(refusal.message, code=refusal.code, field=_path(refusal.field)) from refusal
        answer = _answer(selectors.filed_by(_client(request)).get(id=complaint.pk))
        place = reverse("complaint", kwargs={"uid": complaint.dossier.uid}, request=request)
        return Response(answer, status=201, headers={"Location": place})


class ComplaintView(ApiView):
    """One complaint this client has filed; another's does not exist."""

    required_scopes = {"GET": READ}
    serializer_class = ComplaintItemAnswer

    @extend_schema(
        operation_id="read_complaint",
        responses=ComplaintItemAnswer,
        examples=[OpenApiExample("Under investigation", examples.ITEM, response_only=True)],
    )
    def get(self, request: Request, uid: UUID) -> Response:
        row = selectors.filed_by(_client(request)).filter(dossier__uid=uid).first()
        if row is None:
            raise Http404
        log_read(what=ReadEvent.What.PAGE, at=timezone.now(), path=request.path, dossier_id=row["dossier_id"])
        return Response(_item(row))


def _client(request: Request) -> Client:
    """The machine that calls; the scopes of its token were checked."""
    client: Client = cast(Any, request.auth).application
    return client


def _arguments(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": data["source"],
        "received_at": data["received_at"],
        "words": data["words"],
        "complainants": [NewComplainant(**data["complainant"], on_behalf_of=data["on_behalf_of"])],
        "loan_refs": data["loan_refs"],
        "allegations": [
            NewAllegation(
                category=one["category"],
                text=one["text"],
                contacts=[
                    NewContact(at=contact["at"], number=contact["number"]) for contact in one["contacts"]
                ],
            )
            for one in data["allegations"]
        ],
        "demands": [NewDemand(text=one["text"], amount=one["amount"]) for one in data["demands"]],
        "files": [NewFile(name=one["name"], content=one["content_base64"]) for one in data["attachments"]],
        "external_id": data["external_id"],
    }


def _path(field: str | None) -> str | None:
    """A complaint over the API has one complainant: the path is the body's."""
    return field.replace("complainants.0", "complainant") if field else field


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["dossier__uid"]),
        "number": row["number"],
        "state": row["state"],
        "decision_due_on": row["due_on"].isoformat() if row["due_on"] is not None else None,
        "received_at": moment(row["received_at"]),
    }


def _item(row: dict[str, Any]) -> dict[str, Any]:
    return {**_answer(row), "external_id": row["external_id"]}
