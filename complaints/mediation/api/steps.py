"""The steps of an organisation, each one service call. The table of the workflow says which are possible."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.idempotency import idempotent
from backoffice.api.versions import etag, require_version
from backoffice.staff.models import User
from complaints.mediation import contents, services
from complaints.mediation.api import answers, examples, serializers
from complaints.mediation.api.views import PartnerView
from complaints.mediation.models import Referral
from complaints.mediation.services.changes import lock_referral

ACT = "referrals:act"
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description='The ETag, "v7"'
)


class ActionView(PartnerView):
    """A step of the organisation: the present version seen, one service call, the case as it is then."""

    required_scopes = {"POST": ACT}

    def act(self, referral: Referral, *, by: User, at: datetime, data: dict[str, Any]) -> Referral:
        """Makes the one service call of the step."""
        raise NotImplementedError

    def check_access(self, request: Request, uid: UUID) -> None:
        self.referral(request, uid, at=timezone.now())

    @idempotent
    def post(self, request: Request, uid: UUID) -> Response:
        at = timezone.now()
        referral = lock_referral(self.referral(request, uid, at=at))
        require_version(request, referral.version)
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        changed = self.act(referral, by=cast(User, request.user), at=at, data=given.validated_data)
        return Response(contents.referral_head(changed), headers={"ETag": etag(changed.version)})


def _contract(operation: str, request: type[Any], example: dict[str, Any]) -> Any:
    """The contract of one step."""
    return extend_schema_view(
        post=extend_schema(
            operation_id=operation,
            parameters=[IF_MATCH],
            request=request,
            responses=answers.ReferralItemAnswer,
            examples=[
                OpenApiExample("Request", example, request_only=True),
                OpenApiExample("The case afterwards", examples.ITEM, response_only=True),
            ],
        )
    )


@_contract("accept_referral", serializers.AcceptanceSerializer, examples.ACCEPTANCE)
class AcceptanceView(ActionView):
    """Take the case: the period begins, the lender's decision deadline stands, collection is on hold."""

    serializer_class = serializers.AcceptanceSerializer

    def act(self, referral: Referral, *, by: User, at: datetime, data: dict[str, Any]) -> Referral:
        mediator = data["mediator"]
        return services.accept_referral(
            referral=referral,
            mediator_name=mediator["name"],
            mediator_licence=mediator["licence"],
            by=by,
            at=at,
        )


@_contract("reject_referral", serializers.RejectionSerializer, examples.REJECTION)
class RejectionView(ActionView):
    """Do not take the case."""

    serializer_class = serializers.RejectionSerializer

    def act(self, referral: Referral, *, by: User, at: datetime, data: dict[str, Any]) -> Referral:
        return services.decline_referral(
            referral=referral, reason_code=data["reason_code"], reason=data["text"], by=by, at=at
        )


@_contract("suspend_referral", serializers.SuspensionSerializer, examples.SUSPENSION)
class SuspensionView(ActionView):
    """The mediation period stands still."""

    serializer_class = serializers.SuspensionSerializer

    def act(self, referral: Referral, *, by: User, at: datetime, data: dict[str, Any]) -> Referral:
        return services.suspend_referral(referral=referral, reason_code=data["reason_code"], by=by, at=at)


@_contract("resume_referral", serializers.ResumptionSerializer, {})
class ResumptionView(ActionView):
    """The mediation period runs on."""

    serializer_class = serializers.ResumptionSerializer

    def act(self, referral: Referral, *, by: User, at: datetime, data: dict[str, Any]) -> Referral:
        return services.resume_referral(referral=referral, by=by, at=at)


@_contract("extend_referral", serializers.ExtensionSerializer, examples.EXTENSION)
class ExtensionView(ActionView):
    """A longer period, with the consent of both sides."""

    serializer_class = serializers.ExtensionSerializer

    def act(self, referral: Referral, *, by: User, at: datetime, data: dict[str, Any]) -> Referral:
        return services.extend_referral(
            referral=referral, until=data["until"], consented_by=data["consented_by"], by=by, at=at
        )


@_contract("close_referral", serializers.ClosureSerializer, examples.CLOSURE)
class ClosureView(ActionView):
    """The mediation ends without a settlement."""

    serializer_class = serializers.ClosureSerializer

    def act(self, referral: Referral, *, by: User, at: datetime, data: dict[str, Any]) -> Referral:
        return services.close_referral(referral=referral, reason_code=data["reason_code"], by=by, at=at)
