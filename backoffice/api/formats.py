"""JSON in and out (orjson), money as text, times with their offset."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from backoffice.api.problems import Problem
from backoffice.core.bounds import OUT_OF_YEARS, is_in_years
from backoffice.core.time import SHANGHAI

_TOO_LARGE = re.compile(r"-?[0-9]{13,}(\.[0-9]+)?")
_TOO_EXACT = re.compile(r"-?[0-9]{1,12}\.[0-9]{3,}")
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")


class OrjsonRenderer(BaseRenderer):
    """UTF-8 JSON. Texts that are translated late are written in the language of the request."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, context: Any = None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, (float, Decimal)):
        raise TypeError("Money and numbers go out through their serializer fields.")
    return str(value)


class OrjsonParser(BaseParser):
    """JSON only, and not more of it than ``DATA_UPLOAD_MAX_MEMORY_SIZE``."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise Problem("too-large")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Problem("json-invalid") from error


class Body(serializers.Serializer[Any]):
    """What is sent to us, or an object within it. A field we do not know is refused: misspelt, it would be lost without
    a word."""

    default_error_messages = {"unknown": _("There is no such field here.")}

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        if isinstance(data, dict):
            message = self.error_messages["unknown"]
            errors = {
                name: [ErrorDetail(str(message), "unknown")] for name in data if name not in self.fields
            }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**errors, **error.detail}) from error  # type: ignore[dict-item]
        if errors:
            raise serializers.ValidationError(errors)
        return value


class BodyExtension(OpenApiSerializerExtension):
    """The contract says so too."""

    target_class = "backoffice.api.formats.Body"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        mapped = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**mapped, "additionalProperties": False}


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {
                "type": "string",
                "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$",
                "examples": ["123.45"],
            },
            "currency": {"type": "string", "enum": ["CNY"]},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }
)
class MoneyField(serializers.Field):
    """``{"amount": "123.45", "currency": "CNY"}`` ↔ ``Decimal`` yuan; never a JSON number."""

    default_error_messages = {
        "shape": _("Money is an object with “amount” (text, at most two decimals) and “currency” “CNY”."),
        "decimals": _(
            "An amount has at most two decimals: send yuan and fen, rounded where the money was counted."
        ),
        "too_large": _("The amount is too large: at most twelve digits stand before the point."),
        "negative": _("The amount must not be negative."),
    }

    def __init__(self, *, allow_negative: bool = False, **kwargs: Any) -> None:
        self.allow_negative = allow_negative
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, dict) or set(data) != {"amount", "currency"} or data["currency"] != "CNY":
            self.fail("shape")
        amount = data["amount"]
        if isinstance(amount, str) and _TOO_LARGE.fullmatch(amount):
            self.fail("too_large")
        if isinstance(amount, str) and _TOO_EXACT.fullmatch(amount):
            self.fail("decimals")
        if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
            self.fail("shape")
        value = Decimal(amount).quantize(Decimal("0.01"))
        if value < 0 and not self.allow_negative:
            self.fail("negative")
        return value

    def to_representation(self, value: Decimal) -> dict[str, str]:
        return money(value)


def money(value: Decimal) -> dict[str, str]:
    """Yuan as the API writes them (for lists serialised from ``values()``)."""
    return {"amount": f"{value:.2f}", "currency": "CNY"}


class MomentField(serializers.DateTimeField):
    """RFC 3339 with an offset, in and out; out in Shanghai's. A time without offset is refused."""

    default_error_messages = {
        "offset": _("Give the time with its offset, like 2026-11-23T10:00:00+08:00."),
        "years": OUT_OF_YEARS,
    }

    def to_internal_value(self, value: Any) -> datetime:
        try:
            parsed = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            parsed = None
        if parsed is None:
            self.fail("invalid", format="RFC 3339")
        if parsed.tzinfo is None:
            self.fail("offset")
        if not is_in_years(parsed):
            self.fail("years")
        return parsed

    def to_representation(self, value: datetime) -> str:
        return moment(value)


def moment(value: datetime) -> str:
    """A moment as the API writes it (for lists serialised from ``values()``)."""
    return value.astimezone(SHANGHAI).isoformat(timespec="seconds")
