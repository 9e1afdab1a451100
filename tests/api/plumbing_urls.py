"""A tiny API on which the plumbing is tried: nothing of it is in the product."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404
from django.urls import include, path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from backoffice.api.formats import Body, MomentField, MoneyField
from backoffice.api.idempotency import idempotent
from backoffice.api.paging import FeedPagination
from backoffice.api.versions import etag, require_version
from backoffice.api.views import ApiView
from backoffice.core import context
from backoffice.core.errors import DomainError, InputRefused, NotPermitted, TransitionRefused
from backoffice.core.models import Dossier
from backoffice.core.services import open_dossier


class ThingSerializer(Body):
    number = serializers.CharField(max_length=20)
    amount = MoneyField(required=False)
    at = MomentField(required=False)


class PartSerializer(Body):
    text = serializers.CharField()


class NestedSerializer(Body):
    parts = PartSerializer(many=True)


class ThingsView(ApiView):
    """Opens dossiers, as something that has an effect to count."""

    required_scopes = {"GET": "loans:read", "POST": "loans:write"}
    pagination_class = FeedPagination

    def get(self, request: Any) -> Response:
        rows = Dossier.objects.filter(kind="loan").values("id", "number", "opened_at")
        self.paginator.order_fields = ("opened_at", "id")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response([{"id": row["id"], "number": row["number"]} for row in page])

    @idempotent
    def post(self, request: Any) -> Response:
        given = ThingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        number = given.validated_data["number"]
        acting = context.require()
        dossier = open_dossier(kind="loan", number=number, at=timezone.now())
        if number == "boom":
            raise TransitionRefused(allowed=["accept"])
        amount = given.validated_data.get("amount", Decimal(0))
        return Response(
            {
                "number": dossier.number,
                "actor": acting.actor.username if acting.actor else "",
                "door": acting.entry_point,
                "amount": MoneyField().to_representation(amount),
                "opened_at": MomentField().to_representation(dossier.opened_at),
            },
            status=201,
            headers={"Location": f"/things/{number}", "ETag": etag(1)},
        )


class ThingView(ApiView):
    required_scopes = {"PATCH": "loans:write", "POST": "loans:write"}

    def patch(self, request: Any) -> Response:
        require_version(request, 7)
        return Response({}, headers={"ETag": etag(8)})

    @idempotent
    def post(self, request: Any) -> Response:
        number = Dossier.objects.filter(kind="loan").count()
        require_version(request, number)
        open_dossier(kind="loan", number=f"n{number}", at=timezone.now())
        return Response({"version": number + 1})


class NestedView(ApiView):
    required_scopes = {"POST": "loans:write"}

    @idempotent
    def post(self, request: Any) -> Response:
        NestedSerializer(data=request.data).is_valid(raise_exception=True)
        return Response({})


class RefusedView(ApiView):
    required_scopes = {"GET": "loans:read"}

    def get(self, request: Any, code: str) -> Response:
        if code == "crash":
            raise RuntimeError("张三 13800001234")
        raise {
            "not-permitted": NotPermitted(),
            "not-found": Http404("secret id 17"),
            "validation-failed": InputRefused("Nein", field="complainant.name"),
            "deadline-passed": DomainError("Too late", code="deadline-passed"),
            "own-rule": DomainError("A rule of its own", code="own-rule"),
        }[code]


class UndeclaredView(ApiView):
    def get(self, request: Any) -> Response:
        return Response({})


urlpatterns = [
    path("api/things", ThingsView.as_view()),
    path("api/thing", ThingView.as_view()),
    path("api/nested", NestedView.as_view()),
    path("api/undeclared", UndeclaredView.as_view()),
    path("api/refused/<slug:code>", RefusedView.as_view()),
    path("", include("backoffice.urls")),
]
handler500 = "backoffice.api.problems.server_error"
