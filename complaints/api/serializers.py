"""What the lender's systems send, and what they get."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.formats import Body, MomentField, MoneyField
from backoffice.desk.filetypes import MAX_BYTES
from backoffice.loans.choices import IdType
from complaints.choices import ComplainantRole, ComplaintState, Source

Answer = serializers.Serializer[Any]
#: Channels through which machines file; imports of files have their own way in.
SOURCES = [choice for choice in Source.choices if choice[0] != Source.IMPORT]
MOST_ITEMS = 20


class ComplainantBody(Body):
    role = serializers.ChoiceField(choices=ComplainantRole.choices, default=ComplainantRole.BORROWER)
    name = serializers.CharField(max_length=60)
    id_type = serializers.ChoiceField(choices=IdType.choices, default=IdType.RESIDENT)
    id_number = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    phones = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=5, default=list
    )
    email = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class ContactBody(Body):
    """A contact complained of: when, and the number it came from or went to; at least one of the two."""

    at = MomentField(required=False, allow_null=True, default=None)
    number = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class AllegationBody(Body):
    category = serializers.CharField(max_length=40, help_text="Code of the category tree in force")
    text = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    contacts = ContactBody(many=True, required=False, default=list, max_length=MOST_ITEMS)  # type: ignore[call-arg]


class DemandBody(Body):
    text = serializers.CharField(max_length=2000)
    amount = MoneyField(required=False, allow_null=True, default=None)


@extend_schema_field({"type": "string", "contentEncoding": "base64"})
class Base64Field(serializers.Field):
    """The file's bytes in base64."""

    default_error_messages = {
        "invalid": _("This is not base64."),
        "too_large": _("The file is larger than 20 MB."),
    }

    def to_internal_value(self, data: Any) -> bytes:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self.fail("invalid")
        if len(content) > MAX_BYTES:
            self.fail("too_large")
        return content

    def to_representation(self, value: bytes) -> str:
        return base64.b64encode(value).decode()


class AttachmentBody(Body):
    name = serializers.CharField(max_length=200)
    content_base64 = Base64Field()


class ComplaintBody(Body):
    """A complaint as received. The deadline runs from ``received_at``."""

    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    received_at = MomentField()
    complainant = ComplainantBody()
    on_behalf_of = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    loan_refs = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=MOST_ITEMS, default=list
    )
    words = serializers.CharField(max_length=20_000)
    allegations = AllegationBody(many=True, required=False, default=list, max_length=MOST_ITEMS)  # type: ignore[call-arg]
    demands = DemandBody(many=True, required=False, default=list, max_length=MOST_ITEMS)  # type: ignore[call-arg]
    attachments = AttachmentBody(many=True, required=False, default=list, max_length=MOST_ITEMS)  # type: ignore[call-arg]
    external_id = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class ComplaintAnswer(Answer):
    """What the caller may know of it: where it stands and by when it will be decided."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=ComplaintState.choices)
    decision_due_on = serializers.DateField(
        allow_null=True,
        help_text="Last day (Asia/Shanghai) for deciding and telling; null once nothing is owed",
    )
    received_at = MomentField()


class ComplaintItemAnswer(ComplaintAnswer):
    external_id = serializers.CharField(allow_blank=True)
