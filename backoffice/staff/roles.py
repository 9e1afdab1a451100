"""Who may do what: the one table of roles and permissions. Groups are kept in step with it by code.

A line of the table is a permission ``app.codename`` or a pattern of it (``*`` stands for anything). Whoever may
view a thing may view its history, so the permissions on history models follow and are not listed.
``NOBODY`` names what no role has, and why; a test demands that every permission stands in one or the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from django.apps import apps
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """The value is the name of the group."""

    HANDLER = "handler", _("Complaint handler")
    COMPLAINT_SUPERVISOR = "complaint_supervisor", _("Complaint supervisor")
    COLLECTOR = "collector", _("Collector")
    CONDUCT_SUPERVISOR = "conduct_supervisor", _("Conduct supervisor")
    LOAN_OFFICER = "loan_officer", _("Loan officer")
    LOAN_SUPERVISOR = "loan_supervisor", _("Loan supervisor")
    COMPLIANCE = "compliance", _("Compliance officer")
    PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")
    # Roles of machines; a person never has them.
    LENDER_APP = "lender_app", _("The lender's app")
    CORE_BANKING = "core_banking", _("Core banking")
    MEDIATION_PARTNER = "mediation_partner", _("Mediation partner")
    SYSTEM_JOBS = "system_jobs", _("System jobs")


MACHINE_ROLES = frozenset({Role.LENDER_APP, Role.CORE_BANKING, Role.MEDIATION_PARTNER, Role.SYSTEM_JOBS})
PERSON_ROLES = tuple(role for role in Role if role not in MACHINE_ROLES)

_LOAN_BOOK = ("loans.view_*",)
# Borrowers, their debts and the contracts these rest on; not how the book is run and who else connects to it.
_BORROWERS = (
    *("loans.view_borrower*", "loans.view_contact*", "loans.view_phonenumber"),
    *("loans.view_loan*", "loans.view_instalment", "loans.view_repayment*", "loans.view_schedulechange"),
    *("loans.view_waiver", "loans.view_paymentpause", "loans.view_charge"),
    *("loans.view_creditor", "loans.view_productfee", "loans.view_termsversion"),
)
_COLLECTION_DESK = ("collections.view_*", "collections.see_all_cases", "collections.read_contact_note")
_OWN_CASES = ("collections.view_*", "collections.log_contact", "collections.read_contact_note")
_COMPLAINT_DESK = ("complaints.view_*", "mediation.view_*", "desk.view_*", "core.view_dossier")
_RULES = ("core.view_policyvalue", "core.view_calendarday", "conduct.view_rule", "conduct.view_ruleset")
_TASKS = ("desk.view_task", "desk.work_task")
_PEOPLE = ("staff.view_user", "staff.view_team")
# Whom one calls and writes to; document numbers are a class of their own.
_REACH = ("privacy.reveal_name", "privacy.reveal_contact")
_REVEAL_ALL = (*_REACH, "privacy.reveal_identity", "privacy.reveal_address", "privacy.read_numbers")
_BUNDLES = ("audit.view_evidencebundle", "audit.make_bundle")
# The red button is on everybody's page; what came of one's own report is for oneself to see.
_REPORT_INCIDENT = ("desk.report_incident", "desk.view_incident", "desk.view_incidentcontact")
# Self-harm, violence, crowds, media; leaks are the privacy officer's and compliance's.
_CRISIS = ("desk.handle_incident", "desk.handle_crisis")
_LEAK = ("desk.handle_incident", "desk.handle_leak")
# What happened and who looked: the explorer of the record, the read log, the seals and their state.
_RECORD = (
    "audit.explore_record",
    "audit.view_readevent",
    "audit.view_recordevent",
    "audit.view_maintenance",
    "audit.view_seal",
    "audit.view_sealkey",
    "audit.view_verification",
    "audit.verify_record",
)

_HANDLER = (
    *_REPORT_INCIDENT,
    *_COMPLAINT_DESK,
    *_LOAN_BOOK,
    *_COLLECTION_DESK,
    *_RULES,
    "conduct.view_allegedcontact",
    "conduct.view_conductevent",
    "conduct.register_alleged_contact",
    "conduct.match_alleged_contact",
    "collections.place_hold",
    "collections.lift_hold",
    "complaints.file_complaint",
    "complaints.handle_complaint",
    "complaints.close_complaint",
    "complaints.extend_complaint",
    "complaints.read_words",
    "mediation.offer_referral",
    "loans.quote_settlement",
    "desk.work_task",
    *_REVEAL_ALL,
    "privacy.correct_name",
    "privacy.correct_contact",
    "privacy.correct_identity",
    "privacy.link_subjects",
)

GRANTS: dict[Role, tuple[str, ...]] = {
    Role.HANDLER: _HANDLER,
    # May stand in for a handler; that nobody decides on his own proposal is a condition of the workflow.
    Role.COMPLAINT_SUPERVISOR: (
        *_HANDLER,
        *_PEOPLE,
        "desk.assign_task",
        "complaints.assign_complaint",
        "complaints.decide_complaint",
        "complaints.extend_complaint_far",
        *_CRISIS,
        *_RECORD,
        *_BUNDLES,
    ),
    # Sees the cases placed with them, their borrowers (desk.reach) and their own contacts (debt_collections.querysets).
    Role.COLLECTOR: (
        *_REPORT_INCIDENT,
        *_BORROWERS,
        *_OWN_CASES,
        *_RULES,
        *_REACH,
        *_TASKS,
    ),
    # Sees that and about what somebody complained, not the complainant's own words.
    Role.CONDUCT_SUPERVISOR: (
        *_REPORT_INCIDENT,
        *_CRISIS,
        *_LOAN_BOOK,
        *_COLLECTION_DESK,
        *_COMPLAINT_DESK,
        *_PEOPLE,
        "desk.work_task",
        "desk.assign_task",
        "core.view_policyvalue",
        "core.view_calendarday",
        "conduct.view_*",
        "conduct.register_alleged_contact",
        "conduct.match_alleged_contact",
        "collections.suspend_collector",
        "collections.place_hold",
        "collections.lift_hold",
        *_RECORD,
        *_BUNDLES,
    ),
    # Runs the collection desk: cases, agencies and who may work on them.
    Role.LOAN_OFFICER: (
        *_REPORT_INCIDENT,
        *_LOAN_BOOK,
        *_COLLECTION_DESK,
        *_RULES,
        *_TASKS,
        *("loans.add_creditor", "loans.change_creditor"),
        *("loans.add_loanproduct", "loans.change_loanproduct"),
        *("loans.post_repayment", "loans.reverse_repayment", "loans.approve_posting"),
        "loans.close_day",
        "loans.attach_document",
        "desk.view_attachment",
        "loans.propose_change",
        "loans.approve_change",
        "loans.settle_early",
        "loans.quote_settlement",
        "loans.pause_loan",
        "loans.charge_cost",
        *("loans.request_write_off", "loans.approve_write_off"),
        *("loans.import_loanbook", "loans.export_loanbook"),
        *("collections.open_case", "collections.place_case", "collections.close_case"),
        "collections.log_contact",
        "collections.import_contacts",
        "collections.place_hold",
        *("collections.register_agency", "collections.register_collector"),
        "collections.authorise_collector",
        *_REVEAL_ALL,
        "privacy.correct_contact",
        "privacy.correct_address",
    ),
    # Decides what loan officers propose, large waivers too, and proposes nothing.
    Role.LOAN_SUPERVISOR: (
        *_REPORT_INCIDENT,
        *_LOAN_BOOK,
        *_COLLECTION_DESK,
        *_RULES,
        *_TASKS,
        "loans.approve_*",
    ),
    Role.COMPLIANCE: (
        *_REPORT_INCIDENT,
        *_CRISIS,
        *_LEAK,
        "desk.work_task",
        "desk.add_incidentcontact",
        "desk.change_incidentcontact",
        *_LOAN_BOOK,
        *_COLLECTION_DESK,
        *_COMPLAINT_DESK,
        "conduct.view_*",
        "core.view_*",
        "core.add_policyvalue",
        "core.change_policyvalue",
        "core.add_calendarday",
        "core.change_calendarday",
        "complaints.add_category",
        "complaints.change_category",
        "complaints.add_categoryversion",
        "complaints.change_categoryversion",
        "loans.add_termsversion",
        "loans.change_termsversion",
        "mediation.add_mediationorganisation",
        "mediation.change_mediationorganisation",
        *_RECORD,
        *_BUNDLES,
        "audit.view_retentionrule",
        "audit.view_retentionrun",
        "audit.view_legalhold",
        "audit.place_legal_hold",
        # The second pair of eyes on an erasure that the privacy officer asked for.
        "audit.view_erasure",
        "audit.carry_out_erasure",
    ),
    # An API client is a door through which personal data leaves the house: that is why it is here.
    Role.PRIVACY_OFFICER: (
        *_REPORT_INCIDENT,
        *_LEAK,
        "desk.view_task",
        "desk.work_task",
        "desk.view_attachment",
        "privacy.view_datasubject",
        *_REVEAL_ALL,
        "privacy.correct_*",
        "privacy.link_subjects",
        "audit.view_*",
        *_RECORD,
        *_BUNDLES,
        "audit.unmask_third_parties",
        "audit.answer_alert",
        "audit.seal_record",
        "audit.add_retentionrule",
        "audit.change_retentionrule",
        "audit.apply_retention",
        "audit.place_legal_hold",
        "audit.request_erasure",
        "core.view_dossier",
        "loans.view_*",
        "conduct.view_allegedcontact",
        "complaints.view_*",
        "mediation.view_*",
        "api.view_client",
        "api.view_clientsecret",
        "api.add_client",
        "api.change_client",
    ),
    # Sees all, changes nothing.
    Role.AUDITOR: (
        *_REPORT_INCIDENT,
        "desk.see_incidents",
        "core.view_*",
        "staff.view_*",
        "privacy.view_datasubject",
        "audit.view_*",
        *_RECORD,
        *_BUNDLES,
        "desk.view_*",
        "api.view_client",
        "api.view_clientsecret",
        "loans.view_*",
        *_COLLECTION_DESK,
        *("conduct.view_*", "complaints.view_*", "mediation.view_*", "complaints.read_words"),
    ),
    # Users and nothing else: who gives out rights sees no borrower.
    Role.ADMINISTRATOR: (
        *_REPORT_INCIDENT,
        *("staff.view_user", "staff.add_user", "staff.change_user"),
        *("staff.view_team", "staff.add_team", "staff.change_team"),
    ),
    Role.LENDER_APP: ("complaints.file_complaint",),
    # Reports money of its creditors' loans; from the limit on a person approves.
    Role.CORE_BANKING: ("loans.post_repayment", "loans.reverse_repayment"),
    Role.MEDIATION_PARTNER: ("mediation.act_referral",),
    # Imports file complaints; what else a job does it does through services that ask no permission.
    Role.SYSTEM_JOBS: ("complaints.file_complaint", "mediation.expire_referral"),
}

#: Pattern → why no role has it. Nothing here may also be granted.
NOBODY: dict[str, str] = {
    "*.delete_*": "nothing is deleted by hand; erasure and retention are recorded services",
    "*.add_historical*": "history is written with the change it tells of",
    "*.change_historical*": "history cannot be changed, the database refuses",
    "admin.*": "the framework's own log is not used; history and events are the record",
    "auth.*": "groups and permissions are kept in step by code, never by hand",
    "contenttypes.*": "framework bookkeeping without a page",
    "sessions.*": "session data is a credential",
    "axes.*": "sign-in bookkeeping without a page",
    "oauth2_provider.*": "tokens are credentials; clients are managed through api.Client",
    "core.add_dossier": "opened by the service that opens its thing",
    "core.change_dossier": "written once",
    "core.add_importr*": "written by the import commands",
    "core.change_importr*": "written by the import commands",
    "core.add_numberseries": "a counter of the services",
    "core.change_numberseries": "a counter of the services",
    "privacy.add_*": "people are opened by the service that first holds their data",
    "privacy.change_*": "people are changed by services only",
    "privacy.view_datakey": "a key has no page",
    **{
        f"audit.{verb}_{model}": "written by services only, and most of it can never be changed"
        for verb in ("add", "change")
        for model in (
            *("readevent", "recordevent", "maintenance", "redaction", "removal", "verification"),
            *("seal", "sealkey", "sealpart", "evidencebundle", "retentionrun", "legalhold", "erasure"),
        )
    },
    **{
        f"desk.{verb}_{model}": "tasks, files and incidents are written by services only"
        for verb in ("add", "change")
        for model in (
            *("task", "attachment", "incident", "incidentsubject", "incidentduty"),
            *("incidentnotification", "incidentevent"),
        )
    },
    "api.add_clientsecret": "made by the services that show it once; api.change_client decides",
    "api.change_clientsecret": "ended by services; api.change_client decides",
    "api.view_idempotentanswer": "stored answers are for the machine that got them",
    "api.add_idempotentanswer": "written with the answer",
    "api.change_idempotentanswer": "written with the answer",
    "loans.add_creditorclient": "given by a service; api.change_client decides",
    "loans.change_creditorclient": "ended by a service; api.change_client decides",
    **{
        f"loans.{verb}_{model}": "the loan book comes from core banking, through imports and the API"
        for verb in ("add", "change")
        for model in (
            *(
                "borrower",
                "borrowerneed",
                "contactperson",
                "phonenumber",
                "contactconsent",
                "loan",
                "loanevent",
            ),
            *("instalment", "postingrun", "repayment", "repaymentallocation"),
            *("paymentpause", "schedulechange", "waiver", "charge", "postingrequest", "writeoff"),
            *("closerun", "closedday", "productfee"),
        )
    },
    "collections.add_*": "the collection desk's services write; their own permissions decide",
    "collections.change_*": "the collection desk's services write; their own permissions decide",
    **{
        f"conduct.{verb}_{model}": "written by services; their own permissions decide"
        for verb in ("add", "change")
        for model in ("allegedcontact", "conductevent", "ruleset", "rule")
    },
    **{
        f"complaints.{verb}_{model}": "the workflow's own permissions decide (handle, decide, close …)"
        for verb in ("add", "change")
        for model in (
            *("allegation", "allegationcontact", "demand", "complaint", "complainant", "complainantphone"),
            *("complaintdeadline", "complaintdeadlineact", "decision", "remedy", "decisionnotice"),
            *("complaintevent", "conversation", "note"),
        )
    },
    **{
        f"mediation.{verb}_{model}": "the workflow's own permissions decide (offer, act)"
        for verb in ("add", "change")
        for model in (
            *("mediationevent", "mediationconsent", "referral", "referraldeadline", "referraldeadlineact"),
        )
    },
}


def declared_permissions() -> set[str]:
    """Every permission ``app.codename`` that the models declare, whatever the database holds."""
    found = set()
    for model in apps.get_models():
        options = model._meta
        for action in options.default_permissions:
            found.add(f"{options.app_label}.{action}_{options.model_name}")
        found.update(f"{options.app_label}.{codename}" for codename, _name in options.permissions)
    return found


def expand(patterns: Iterable[str], declared: Iterable[str]) -> set[str]:
    """The declared permissions that ``patterns`` name, and the right to view the history of what may be viewed."""
    known = set(declared)
    views = {name for name in known if ".view_historical" in name}
    granted = {
        name for pattern in patterns for name in known if name not in views and fnmatchcase(name, pattern)
    }
    history = {name.replace(".view_", ".view_historical") for name in granted if ".view_" in name}
    return granted | (history & views)


def unknown_patterns() -> list[tuple[str, str]]:
    """Lines of the table that name no declared permission: (role or ``NOBODY``, pattern)."""
    declared = declared_permissions()
    lines = [(str(role.value), pattern) for role, patterns in GRANTS.items() for pattern in patterns]
    lines += [("NOBODY", pattern) for pattern in NOBODY]
    return [(owner, line) for owner, line in lines if not any(fnmatchcase(name, line) for name in declared)]
