"""The seals over the API: whoever fetches them now and then holds an anchor outside the house."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.paging import FeedPagination
from backoffice.api.views import ApiView
from backoffice.audit import anchors
from backoffice.audit.models import SealKey

READ = "audit:read"
_PUBLIC = "F8t5+ytBIPKx7GXkGY1uCLKOgT/rAeSkAIObheGAgM4="
_ROOT = "8fd2719c0bead14adb7650e6d4daacdfba37699c48c15313488062e54741d97f"
EXAMPLE: dict[str, Any] = {
    "number": 1,
    "statement": '{"closes":true,"epoch":1,"key":"' + _PUBLIC + '","leaves":472,"made_at":'
    '"2026-11-24T00:26:40.543036Z","number":1,"parts":"e09f42e88322e62f97bdac5a9015c343cd6925acbb2e8e008ddfec907840041c",'
    f'"previous":"{"0" * 64}","root":"{_ROOT}","tables":{{"core_dossier":472}},"v":1,"window":[0,1931,1931]}}',
    "statement_hash": "893833bc92179420bcd8f9c4bc26bd9bce77f63682972ffd270e7b08c87cf2b1",
    "signature": "D8sILwxKfIoEAABTby0lszOSR+j9GEdRw6aUWRyyqxfFqPbDsAP+iVcNwsgeY+GXNX38V/60hVnH2qBcZ6fwBA==",
    "key": _PUBLIC,
    "root": _ROOT,
}


class SealAnswer(serializers.Serializer[Any]):
    """A seal. ``statement`` is the exact text that was signed; everything else follows from it."""

    number = serializers.IntegerField(min_value=1, help_text="1, 2, 3 … without a gap")
    statement = serializers.CharField(help_text="JSON in one line, signed byte for byte")
    statement_hash = serializers.CharField(help_text="SHA-256 of the statement; “previous” of the next seal")
    signature = serializers.CharField(help_text="Ed25519 over the statement, base64")
    key = serializers.CharField(help_text="Public key, base64")
    root = serializers.CharField(  # type: ignore[assignment]
        help_text="Root of the RFC 9162 tree over the sealed rows, hex"
    )


class KeyAnswer(serializers.Serializer[Any]):
    """A public signing key. Keys vouch for each other when they change."""

    name = serializers.CharField()
    public_key = serializers.CharField(help_text="Ed25519, base64")
    since = serializers.CharField(help_text="UTC, RFC 3339")
    predecessor = serializers.CharField(allow_null=True, help_text="Public key it replaced")
    endorsement = serializers.CharField(
        allow_blank=True, help_text="The predecessor's signature over this key"
    )
    countersignature = serializers.CharField(
        allow_blank=True, help_text="This key's signature over the predecessor"
    )


class KeysAnswer(serializers.Serializer[Any]):
    """All of them."""

    items = KeyAnswer(many=True)


class SealPagination(FeedPagination):
    """A seal never changes, and none is made with an earlier moment than the one before."""

    order_fields = ("made_at", "number")


class SealsView(ApiView):
    """All seals in the order of their making."""

    required_scopes = {"GET": READ}
    pagination_class = SealPagination
    serializer_class = SealAnswer

    @extend_schema(
        operation_id="list_seals",
        responses=SealAnswer(many=True),
        examples=[OpenApiExample("One seal", [EXAMPLE], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        rows = self.paginate_queryset(anchors.seals_after(0)) or []
        return self.get_paginated_response([anchors.seal_entry(seal) for seal in rows])


class KeysView(ApiView):
    """The public keys, oldest first. There are few: no paging."""

    required_scopes = {"GET": READ}
    serializer_class = KeysAnswer

    @extend_schema(operation_id="list_seal_keys", responses=KeysAnswer)
    def get(self, request: Request) -> Response:
        keys = SealKey.objects.select_related("predecessor").order_by("pk")
        return Response({"items": [anchors.key_entry(key) for key in keys]})
