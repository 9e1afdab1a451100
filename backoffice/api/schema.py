"""The two OpenAPI files: built from the code, kept in the repository, shown offline.

The files are the contract; a test fails when code and file differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings


@dataclass(frozen=True, slots=True)
class Api:
    """One of our two APIs: where it lives, and where its contract lies."""

    name: str
    title: str
    description: str
    prefix: str
    file: str

    @property
    def path(self) -> Path:
        return Path(settings.BASE_DIR) / "docs" / "openapi" / self.file


STAFF = Api(
    name="staff",
    title="Back office API",
    description=(
        "For the lender's own systems: core banking, the dialler, the app. Times are RFC 3339 with offset, money is "
        "text in yuan, refusals are application/problem+json, and every POST carries an Idempotency-Key."
    ),
    prefix="/api/v1/",
    file="staff-v1.yaml",
)
PARTNER = Api(
    name="partner",
    title="Back office partner API",
    description=(
        "For mediation organisations. A client sees the cases offered to its organisation; everything else is 404. "
        "Times are RFC 3339 with offset, money is text in yuan, refusals are application/problem+json, every POST "
        "carries an Idempotency-Key, and every change of a case an If-Match."
    ),
    prefix="/api/partner/v1/",
    file="partner-v1.yaml",
)
APIS = {api.name: api for api in (STAFF, PARTNER)}


def build(api: Api) -> str:
    """The contract of ``api`` as YAML, in English, from the code as it is now."""
    changes: dict[str, Any] = {
        "TITLE": api.title,
        "DESCRIPTION": api.description,
        "VERSION": "1",
        "SCHEMA_PATH_PREFIX": api.prefix,
        "PREPROCESSING_HOOKS": [f"backoffice.api.schema.only_{api.name}"],
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "backoffice.api.schema.describe_refusals",
        ],
    }
    with translation.override("en"), patched_settings(changes):
        schema = SchemaGenerator().get_schema(request=None, public=True)
        return OpenApiYamlRenderer().render(schema, renderer_context={}).decode()


def only_staff(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """Hook: the endpoints of the first API."""
    return [one for one in endpoints if one[0].startswith(STAFF.prefix)]


def only_partner(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """Hook: the endpoints of the second API."""
    return [one for one in endpoints if one[0].startswith(PARTNER.prefix)]


def describe_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Hook: what every operation has in common, said once for all of them."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            if method == "post":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
            operation["responses"]["default"] = {
                "description": "Refused",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
    return result


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same key with the same request has one effect and one answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x2b\x2d-\x7e]+$"},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "Request id, as in X-Request-ID"},
        "code": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
