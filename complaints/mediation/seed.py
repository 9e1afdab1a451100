"""Mediation in the demo: two organisations with their clients, consents, and referrals in every state there is.

Made through the real services at moments of the past, on complaints that are under investigation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from backoffice.api.services import create_client
from backoffice.desk.seeding import Demo
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from complaints.choices import ComplaintState, VerifiedHow
from complaints.mediation import services
from complaints.mediation.choices import ConsentCover
from complaints.mediation.models import MediationConsent, MediationOrganisation, Referral
from complaints.models import Complaint
from complaints.services import verify_identity

SCOPES = ("referrals:read", "referrals:act", "parties:read")
ORGANISATIONS = (("江城金融消费纠纷调解中心", 30), ("东湖区人民调解委员会", 45))
TEXT_VERSION = "2026-1"
MEDIATORS = (("赵清", "TJ-2041"), ("孙敏", "TJ-1187"), ("何家栋", "TJ-3306"))
MANDATES = (Decimal(200), Decimal(500), Decimal(1000), Decimal(3000))
#: How many of each story, at full scale.
EACH = 3
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class _Story:
    """One complaint on its way through mediation; every step a real service call."""

    def __init__(
        self, demo: Demo, complaint: Complaint, organisation: MediationOrganisation, handler: User
    ) -> None:
        self.demo, self.complaint, self.organisation, self.handler = demo, complaint, organisation, handler
        client = organisation.client
        if client is None or client.user is None:
            raise ValueError("an organisation without a client takes no cases")
        self.partner: User = client.user

    def consent(self, at: datetime) -> MediationConsent:
        covers = list(ConsentCover.values)
        if self.demo.rng.random() < 0.3:
            covers.remove(ConsentCover.CONTACT)
        return services.record_consent(
            complaint=self.complaint,
            organisation=self.organisation,
            covers=covers,
            text_version=TEXT_VERSION,
            given_at=at,
            evidence_reference=f"REC-{self.complaint.number}",
            by=self.handler,
            at=at,
        )

    def offered(self, at: datetime) -> Referral:
        self.consent(at - HOUR)
        return services.offer_referral(
            complaint=self.complaint,
            organisation=self.organisation,
            mandate_amount=self.demo.rng.choice(MANDATES),
            mandate_months=self.demo.rng.choice((6, 12, 24)),
            by=self.handler,
            at=at,
        )

    def accepted(self, at: datetime) -> Referral:
        name, licence = self.demo.rng.choice(MEDIATORS)
        return services.accept_referral(
            referral=self.offered(at),
            mediator_name=name,
            mediator_licence=licence,
            by=self.partner,
            at=at + 5 * HOUR,
        )


def _only_consent(story: _Story, at: datetime) -> None:
    story.consent(at)


def _offered(story: _Story, at: datetime) -> None:
    # In the last hours, so that the time to confirm still runs when somebody looks at the demo.
    story.offered(max(at, story.demo.now - 20 * HOUR))


def _recalled(story: _Story, at: datetime) -> None:
    services.recall_referral(
        referral=story.offered(at), reason="投诉人希望先由我方答复", by=story.handler, at=at + 3 * HOUR
    )


def _declined(story: _Story, at: datetime) -> None:
    services.decline_referral(
        referral=story.offered(at),
        reason_code="no_capacity",
        reason="本月案件已满",
        by=story.partner,
        at=at + 4 * HOUR,
    )


def _expired(story: _Story, at: datetime) -> None:
    services.expire_referral(referral=story.offered(at), by=system_user("deadlines"), at=story.demo.now)


def _accepted(story: _Story, at: datetime) -> None:
    story.accepted(at)


def _suspended(story: _Story, at: datetime) -> None:
    services.suspend_referral(
        referral=story.accepted(at), reason_code="appraisal", by=story.partner, at=at + 10 * HOUR
    )


def _resumed(story: _Story, at: datetime) -> None:
    suspended = services.suspend_referral(
        referral=story.accepted(at), reason_code="recusal", by=story.partner, at=at + 8 * HOUR
    )
    services.resume_referral(referral=suspended, by=story.partner, at=at + 20 * HOUR)


def _extended(story: _Story, at: datetime) -> None:
    referral = story.accepted(at)
    services.extend_referral(
        referral=referral,
        until=(at + timedelta(days=story.organisation.period_days + 20)).date(),
        consented_by=["creditor", "consumer"],
        by=story.partner,
        at=at + 9 * HOUR,
    )


def _not_settled(story: _Story, at: datetime) -> None:
    reason = story.demo.rng.choice(("too_far_apart", "party_unreachable", "party_unwilling"))
    services.close_referral(
        referral=story.accepted(at), reason_code=reason, by=story.partner, at=at + 22 * HOUR
    )


def _withdrawn(story: _Story, at: datetime) -> None:
    services.close_referral(
        referral=story.accepted(at), reason_code="withdrawn_by_party", by=story.partner, at=at + 21 * HOUR
    )


def _consent_withdrawn(story: _Story, at: datetime) -> None:
    referral = story.accepted(at)
    services.withdraw_consent(
        consent=referral.consent, reason="投诉人来电撤回同意", by=story.handler, at=at + 16 * HOUR
    )


#: Story and how many days ago it begins.
STORIES: tuple[tuple[Callable[[_Story, datetime], None], int], ...] = (
    (_only_consent, 1),
    (_offered, 1),
    (_recalled, 2),
    (_declined, 2),
    (_expired, 7),
    (_accepted, 2),
    (_suspended, 2),
    (_resumed, 2),
    (_extended, 2),
    (_not_settled, 2),
    (_withdrawn, 2),
    (_consent_withdrawn, 2),
)


def seed(demo: Demo) -> None:
    """Leaves ``organisations`` and the ``secrets`` of their clients, by name, in ``demo.results["mediation"]``."""
    organisations, secrets = [], {}
    for name, period_days in ORGANISATIONS:
        began = demo.now - timedelta(days=400)
        client, secret = create_client(name=name, scopes=SCOPES, by=demo.by, at=began)
        organisations.append(
            services.register_organisation(
                name=name, client=client, period_days=period_days, by=demo.by, at=began
            )
        )
        secrets[name] = (client.client_id, secret)
    complaints = _candidates(demo)
    handlers = list(User.objects.filter(groups__name=Role.HANDLER.value, is_active=True).order_by("pk"))
    count = 0
    for number, (story, days) in enumerate(STORIES * max(1, round(EACH * demo.scale))):
        at = demo.now - days * DAY - demo.rng.randrange(1, 180) * timedelta(minutes=1)
        complaint = _take(complaints, before=at - 4 * HOUR)
        if complaint is None or not handlers:
            continue
        handler = complaint.handler if complaint.handler in handlers else demo.rng.choice(handlers)
        if complaint.identity_verified_at is None:
            complaint = verify_identity(
                complaint=complaint, how=VerifiedHow.CALL_BACK, by=handler, at=at - 3 * HOUR
            )
        story(_Story(demo, complaint, organisations[number % 2], handler), at)
        count += 1
    demo.results["mediation"] = {"organisations": organisations, "secrets": secrets, "referrals": count}


def _candidates(demo: Demo) -> list[Complaint]:
    """Complaints under investigation whose clock nothing has moved, in an order of the dice."""
    found: Sequence[Complaint] = list(
        Complaint.objects.filter(
            state=ComplaintState.INVESTIGATING, borrower__isnull=False, deadlines__acts__isnull=True
        )
        .select_related("handler", "dossier")
        .order_by("received_at", "pk")
        .distinct()
    )
    return demo.rng.sample(found, len(found))


def _take(complaints: list[Complaint], *, before: datetime) -> Complaint | None:
    """The next complaint that had been received by then."""
    for index, complaint in enumerate(complaints):
        if complaint.received_at < before:
            return complaints.pop(index)
    return None
