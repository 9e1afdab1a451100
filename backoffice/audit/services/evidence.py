"""Evidence bundles: asked for, made in the background, handed over, thrown away."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import IO

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.audit import signing
from backoffice.audit.evidence import making
from backoffice.audit.evidence.making import Made, Order
from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import seams
from backoffice.audit.evidence.workflow import MAKE, UNMASK
from backoffice.audit.evidence.workflow import bundle as workflow
from backoffice.audit.models import EvidenceBundle, ReadEvent, RecordEvent
from backoffice.audit.services.acting import act, lock, log_read
from backoffice.audit.services.sealing import seal_record
from backoffice.core import background, context
from backoffice.core.errors import DomainError, InputRefused, NotPermitted
from backoffice.core.models import Dossier
from backoffice.core.pdf import RenderError
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from backoffice.privacy.services import Erased, read_text, set_text
from backoffice.staff.models import User
from backoffice.staff.services import system_user

KEEP_DAYS = "evidence.keep_days"
_State = EvidenceBundle.State
#: How often progress is written down, in seconds: often enough for a bar that moves.
_EVERY = 0.5
_CHUNK = 1024 * 1024

log = structlog.stdlib.get_logger("backoffice.evidence")


def may_bundle(user: User, dossier: Dossier) -> bool:
    """Whether the person may have a bundle about the dossier: the right, and the app's own rule on who sees it."""
    kind = seams.kinds.get(dossier.kind)
    return kind is not None and user.has_perm(MAKE) and kind.visible(user, dossier)


def request_bundle(
    *,
    dossier: Dossier,
    reason: str,
    by: User,
    at: datetime,
    since: date | None = None,
    until: date | None = None,
    language: str = EvidenceBundle.Language.CHINESE,
    third_parties: bool = False,
    start: bool = True,
) -> EvidenceBundle:
    """Ask for a bundle about ``dossier`` in the period (both days included); it is made in the background.

    ``third_parties`` leaves nobody masked and takes a right of its own. ``start=False``: the caller makes it.
    Raises ``NotPermitted``, ``InputRefused``.
    """
    if seams.kinds.get(dossier.kind) is None:
        raise InputRefused(_("There are no bundles about this kind of dossier."), field="dossier")
    if not may_bundle(by, dossier) or (third_parties and not by.has_perm(UNMASK)):
        raise NotPermitted()
    if not reason.strip():
        raise InputRefused(_("Say for whom and what for."), field="reason")
    if since is not None and until is not None and until < since:
        raise InputRefused(_("The period ends before it begins."), field="until")
    with act(by=by, at=at, code="bundle.requested", reason=reason, dossier=dossier) as frame:
        bundle = EvidenceBundle(
            dossier=dossier,
            since=since,
            until=until,
            language=language,
            third_parties=third_parties,
            requested_at=at,
            requested_by=by,
        )
        set_text(bundle, "reason_cipher", reason.strip(), dossier_id=dossier.pk)
        bundle.save()
        frame.record(
            RecordEvent,
            "bundle.requested",
            dossier=dossier,
            bundle=bundle,
            data={
                "since": since.isoformat() if since is not None else None,
                "until": until.isoformat() if until is not None else None,
                "language": language,
                "third_parties": third_parties,
            },
        )
        if start:
            _start(bundle)
    return bundle


def make_again(*, bundle: EvidenceBundle, by: User, at: datetime) -> EvidenceBundle:
    """Have a bundle that failed, expired or was left behind by its worker made again.

    Raises ``NotPermitted``, ``TransitionRefused``.
    """
    with act(by=by, at=at, code="bundle.again", dossier=bundle.dossier):
        bundle = lock(EvidenceBundle, bundle.pk)
        workflow.step("again", bundle, by=by, at=at)
        _drop_file(bundle)
        bundle.error = ""
        bundle.requested_at = at
        bundle.save()
        _start(bundle)
    return bundle


def _start(bundle: EvidenceBundle) -> None:
    from backoffice.audit.tasks import make_bundle_task  # it calls make_bundle below

    background.start(make_bundle_task, bundle.pk)


def make_bundle(
    *, bundle_id: int, at: datetime, progress: Callable[[str, int, int], None] | None = None
) -> EvidenceBundle:
    """Make the bundle, in the name and with the eyes of whoever asked for it; safe to call twice.

    Not within a transaction: every step is written down so that others see it. What goes wrong is on the bundle
    (state ``failed``), not raised.
    """
    bundle, claim = _claim(bundle_id, at=at)
    if claim is None:
        return bundle
    listener = _Listener(bundle, progress)
    with tempfile.TemporaryFile() as target:
        try:
            made = _make(bundle, target, listener, at=at)
        except DomainError as error:
            return _fail(bundle, claim, str(error.message), at=timezone.now())
        except Erased:
            return _fail(bundle, claim, _("The reason for this bundle was erased."), at=timezone.now())
        except (ImproperlyConfigured, RenderError) as error:
            return _fail(bundle, claim, str(error), at=timezone.now())
        except Exception as error:
            # Whatever it is: a page that says “being made” for ever helps nobody.
            log.exception("bundle failed", bundle=str(bundle.uid))
            text = _("It could not be made (%(error)s); the log of the server says more.")
            return _fail(bundle, claim, text % {"error": type(error).__name__}, at=timezone.now())
        return _finish(bundle, claim, target, made, at=timezone.now())


def _claim(bundle_id: int, *, at: datetime) -> tuple[EvidenceBundle, int | None]:
    """The bundle, now running, and the line of history that says so; None when it is not waiting."""
    with transaction.atomic():
        bundle = lock(EvidenceBundle, bundle_id)
        if bundle.state != _State.QUEUED:
            return bundle, None
        with act(by=bundle.requested_by, at=at, code="bundle.begun"):
            bundle.state = _State.RUNNING
            bundle.save()
    return bundle, _newest_line(bundle)


def _newest_line(bundle: EvidenceBundle) -> int:
    line: int = EvidenceBundle.history.filter(id=bundle.pk).latest().history_id
    return line


def _make(bundle: EvidenceBundle, target: IO[bytes], listener: _Listener, *, at: datetime) -> Made:
    by = bundle.requested_by
    if not by.is_active or not may_bundle(by, bundle.dossier):
        raise NotPermitted()
    scope = Scope(
        root=bundle.dossier,
        viewer=by,
        since=bundle.since,
        until=bundle.until,
        third_parties=bundle.third_parties and by.has_perm(UNMASK),
    )
    order = Order(
        bundle=str(bundle.uid),
        scope=scope,
        language=bundle.language,
        asked_at=bundle.requested_at,
        made_at=at,
        reason=read_text(bundle, "reason_cipher"),
        # Rows in no seal prove nothing: the house's own sealer takes what is finished first.
        seal=(lambda: _seal(at)) if settings.SEAL_SIGNING_KEYS else None,
    )
    if settings.SEAL_SIGNING_KEYS:
        # The key that signs the manifest is among the published ones, even before the first seal.
        with transaction.atomic():
            signing.in_force(at=at)
    return making.make(target, order, listener)


def _seal(at: datetime) -> None:
    seal_record(by=system_user("seals"), at=at)


def _finish(
    bundle: EvidenceBundle, claim: int, target: IO[bytes], made: Made, *, at: datetime
) -> EvidenceBundle:
    size, sha256 = _measure(target)
    with act(by=bundle.requested_by, at=at, code="bundle.made") as frame:
        bundle = lock(EvidenceBundle, bundle.pk)
        if _newest_line(bundle) != claim:
            # Another worker has taken it over; its bundle counts.
            return bundle
        keep_days = int(policy_value(KEEP_DAYS, on=business_day(at)))
        bundle.state = _State.READY
        bundle.finished_at, bundle.expires_at = at, at + timedelta(days=keep_days)
        bundle.size, bundle.sha256, bundle.error = size, sha256, ""
        target.seek(0)
        bundle.file.save(f"{bundle.uid.hex}.zip", File(target), save=False)
        try:
            bundle.save()
        except BaseException:
            bundle.file.delete(save=False)
            raise
        records = sum(made.counts.values())
        frame.record(
            RecordEvent,
            "bundle.made",
            dossier=bundle.dossier,
            bundle=bundle,
            data={"sha256": sha256, "rows": records, "sealed": made.sealed, "unsealed": made.unsealed},
        )
        # Everything in it has left the pages: that is an export, and is told as one.
        log_read(
            what=ReadEvent.What.EXPORT,
            at=at,
            path=f"evidence/{bundle.uid}",
            dossier=bundle.dossier,
            fields=made.fields,
            count=records,
            listed=made.dossiers,
        )
    return bundle


def _measure(target: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    target.seek(0)
    while chunk := target.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _fail(bundle: EvidenceBundle, claim: int, error: str, *, at: datetime) -> EvidenceBundle:
    with act(by=bundle.requested_by, at=at, code="bundle.failed") as frame:
        bundle = lock(EvidenceBundle, bundle.pk)
        if _newest_line(bundle) != claim:
            return bundle
        bundle.state, bundle.error, bundle.finished_at = _State.FAILED, error[:200], at
        bundle.save()
        frame.record(RecordEvent, "bundle.failed", dossier=bundle.dossier, bundle=bundle)
    return bundle


class _Listener:
    """Writes progress down, now and then, where other connections see it; these columns have no history."""

    def __init__(self, bundle: EvidenceBundle, also: Callable[[str, int, int], None] | None) -> None:
        self._pk, self._also = bundle.pk, also
        self._last, self._step = 0.0, ""

    def __call__(self, step: str, done: int, total: int) -> None:
        if self._also is not None:
            self._also(step, done, total)
        now = time.monotonic()
        if step == self._step and now - self._last < _EVERY:
            return
        self._step, self._last = step, now
        EvidenceBundle.objects.filter(pk=self._pk).update(
            progress_step=step, progress_done=done, progress_total=total
        )


def hand_over(*, bundle: EvidenceBundle, by: User, at: datetime) -> IO[bytes]:
    """The ZIP, for whoever asked for it: what is in it was decided by their rights, and they answer for it.

    On record as an event; the caller writes the read row. Raises ``NotPermitted``; ``InputRefused`` when the file
    is not there.
    """
    if bundle.requested_by_id != by.pk or not may_bundle(by, bundle.dossier):
        raise NotPermitted(_("Only the person who asked for a bundle gets it; ask for one of your own."))
    if bundle.state != _State.READY or not bundle.file:
        raise InputRefused(_("This bundle is not there (any more)."))
    handle: IO[bytes] = bundle.file.open("rb")
    with act(by=by, at=at, code="bundle.downloaded") as frame:
        frame.record(RecordEvent, "bundle.downloaded", dossier=bundle.dossier, bundle=bundle)
    return handle


def expire_bundles(*, by: User, at: datetime) -> int:
    """Delete the files whose time is over; the row with its hash stays. Answers how many."""
    over = EvidenceBundle.objects.filter(state=_State.READY, expires_at__lte=at)
    return sum(_expire(pk, by=by, at=at) for pk in list(over.values_list("pk", flat=True)))


def expire_bundles_about(*, dossier_ids: set[int], by: User, at: datetime) -> int:
    """Delete the files of all bundles about these dossiers, whatever their time (erasure). Answers how many."""
    kept = EvidenceBundle.objects.filter(dossier__in=dossier_ids, state=_State.READY)
    return sum(_expire(pk, by=by, at=at) for pk in list(kept.values_list("pk", flat=True)))


def _expire(pk: int, *, by: User, at: datetime) -> int:
    with act(by=by, at=at, code="bundle.expired") as frame:
        bundle = lock(EvidenceBundle, pk)
        if bundle.state != _State.READY:
            return 0
        _drop_file(bundle)
        bundle.state = _State.EXPIRED
        bundle.save()
        frame.record(RecordEvent, "bundle.expired", dossier=bundle.dossier, bundle=bundle)
    return 1


def _drop_file(bundle: EvidenceBundle) -> None:
    """The file goes when the transaction has committed; a file without its row is found by nobody."""
    if not bundle.file:
        return
    storage, name = bundle.file.storage, str(bundle.file.name)
    bundle.file = ""
    transaction.on_commit(lambda: storage.delete(name))


def make_in_background(bundle_id: int, *, at: datetime, entry_point: str) -> None:
    """As a worker does it: through the door of tasks, in the name of whoever asked."""
    bundle = EvidenceBundle.objects.select_related("requested_by").get(pk=bundle_id)
    with context.entering(entry_point, actor=bundle.requested_by):
        make_bundle(bundle_id=bundle_id, at=at)
