"""What the loan book adds to an evidence bundle: borrowers, loans, and the money on them."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Kind, Part, seams
from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.evidence import offer
from backoffice.loans.admin.entries import EVENTS
from backoffice.loans.choices import NumberOwner
from backoffice.loans.models import (
    Borrower,
    BorrowerNeed,
    Charge,
    ContactConsent,
    ContactPerson,
    Creditor,
    Instalment,
    Loan,
    LoanEvent,
    LoanProduct,
    PaymentPause,
    PhoneNumber,
    PostingRun,
    ProductFee,
    Repayment,
    RepaymentAllocation,
    ScheduleChange,
    TermsVersion,
    Waiver,
    WriteOff,
)
from backoffice.staff.models import User

BORROWER, LOAN, CONTACT_PERSON = "loans.borrower", "loans.loan", "loans.contactperson"
PHONE_NUMBER = "loans.phonenumber"


def about_borrower(scope: Scope) -> None:
    """The person with everything they owe."""
    borrower = Borrower.objects.get(dossier=scope.root)
    scope.add_whole(BORROWER, [borrower.pk])
    scope.add_whole(LOAN, borrower.loans.values_list("pk", flat=True))
    scope.add_whole("privacy.datasubject", [borrower.subject_id])
    scope.add_principals([borrower.subject_id])


def about_loan(scope: Scope) -> None:
    """One loan; its borrower is named and is the person concerned."""
    loan = Loan.objects.select_related("borrower").get(dossier=scope.root)
    scope.add_whole(LOAN, [loan.pk])
    scope.add_named(BORROWER, [loan.borrower_id])
    scope.add_principals([loan.borrower.subject_id])


def _sees(model: type[Borrower] | type[Loan]) -> Kind:
    def visible(user: User, dossier: Dossier) -> bool:
        return (
            user.has_perm(f"loans.view_{model._meta.model_name}")
            and model._default_manager.filter(dossier=dossier).exists()
        )

    return Kind(
        model._meta.verbose_name,
        about_borrower if model is Borrower else about_loan,
        visible,
        person=gettext_lazy("The borrower"),
    )


def _repaid(row: Repayment) -> tuple[str, str]:
    facts = {"amount": f"{row.amount:,.2f}", "loan": row.loan.number}
    if row.reverses_id:
        return _("Reversed a repayment of %(amount)s yuan on %(loan)s") % facts, ""
    return _("Repaid %(amount)s yuan on %(loan)s") % facts, ""


def parts(scope: Scope) -> Iterator[Part]:
    """People first, then loans, then money."""
    people, loans = scope.all_of(BORROWER), scope.all_of(LOAN)
    yield Part(Borrower.objects.filter(pk__in=people), follow=True)
    yield Part(Borrower.objects.filter(pk__in=scope.only_named(BORROWER)))
    yield Part(BorrowerNeed.objects.filter(borrower__in=people), moments=("from_on", "until"))
    yield Part(
        ContactPerson.objects.filter(Q(borrower__in=people) | Q(pk__in=scope.only_named(CONTACT_PERSON)))
    )
    yield Part(
        PhoneNumber.objects.filter(Q(borrower__in=people) | Q(pk__in=scope.only_named(PHONE_NUMBER))),
        # A home, an office or an unknown line is somebody else's as well, although it is kept with the borrower.
        third=lambda row: row.owner != NumberOwner.OWN,
    )
    yield Part(ContactConsent.objects.filter(borrower__in=people), moments=("valid_from", "valid_until"))
    yield Part(Loan.objects.filter(pk__in=loans), follow=True)
    yield Part(Loan.objects.filter(pk__in=scope.only_named(LOAN)))
    yield Part(Instalment.objects.filter(loan__in=loans))
    yield Part(
        Repayment.objects.filter(loan__in=loans).select_related("loan"),
        moments=("received_at",),
        sentence=_repaid,
    )
    yield Part(PostingRun.objects.filter(loan__in=loans), moments=("posted_at",))
    yield Part(
        RepaymentAllocation.objects.filter(posting_run__loan__in=loans), moments=("posting_run__posted_at",)
    )
    # Whenever they were made: what is owed in the period follows from all of them.
    yield Part(ScheduleChange.objects.filter(loan__in=loans))
    yield Part(Waiver.objects.filter(loan__in=loans))
    yield Part(PaymentPause.objects.filter(loan__in=loans))
    yield Part(Charge.objects.filter(loan__in=loans))
    yield Part(WriteOff.objects.filter(loan__in=loans))
    every = Loan.objects.filter(pk__in=loans | scope.only_named(LOAN))
    yield Part(LoanProduct.objects.filter(pk__in=every.values("product")))
    yield Part(ProductFee.objects.filter(product__in=every.values("product")))
    yield Part(TermsVersion.objects.filter(pk__in=every.values("terms")))
    yield Part(Creditor.objects.filter(pk__in=every.values("creditor")))


def event_words(event: LoanEvent) -> str:
    """The event in words; a repayment is told by its own row."""
    if event.kind not in EVENTS:
        return ""
    return _(EVENTS[event.kind][0]) % {"loan": event.loan.number if event.loan else ""}


seams.kinds.register(DossierKind.BORROWER, _sees(Borrower))
seams.kinds.register(DossierKind.LOAN, _sees(Loan))
seams.sources.register("loans", parts)
seams.events.register(LoanEvent._meta.label_lower, event_words)
offer("loans.borrower")
offer("loans.loan")
