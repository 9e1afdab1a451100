"""What the record calls the acts of the ground: of the desk itself and of the layers that know no desk."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import registries

registries.act_labels.register_all(
    {
        "maintenance": _("Maintenance of the record"),
        "reference.loaded": _("Reference data loaded"),
        "demo.seeded": _("Demo data made"),
        "user.created": _("Account created"),
        "user.roles_set": _("Roles set"),
        "user.team_assigned": _("Team assigned"),
        "user.deactivated": _("Account deactivated"),
        "user.reactivated": _("Account reactivated"),
        "user.password_reset": _("Password reset"),
        "team.created": _("Team created"),
        "task.opened": _("Task opened"),
        "task.done": _("Task done"),
        "task.cancelled": _("Task cancelled"),
        "task.reassigned": _("Task reassigned"),
        "attachment.stored": _("File stored"),
        "record.sealed": _("Record sealed"),
        "record.verified": _("Record verified"),
        "bundle.requested": _("Evidence bundle asked for"),
        "bundle.begun": _("Making of the evidence bundle begun"),
        "bundle.made": _("Evidence bundle made"),
        "bundle.failed": _("Evidence bundle failed"),
        "bundle.again": _("Evidence bundle to be made again"),
        "bundle.downloaded": _("Evidence bundle downloaded"),
        "bundle.expired": _("Evidence bundle deleted"),
        "legal_hold.placed": _("Legal hold placed"),
        "legal_hold.lifted": _("Legal hold lifted"),
        "erasure.requested": _("Erasure of a person asked for"),
        "erasure.refused": _("Erasure of a person refused"),
        "person.erased": _("Person erased"),
        "person.erased_elsewhere": _("An erased person taken out of the texts"),
        "retention.previewed": _("Retention previewed"),
        "retention.applied": _("Retention applied"),
        "keys.rotated": _("Data keys wrapped anew"),
        "keys.reindexed": _("Search columns made anew"),
        "personal.revealed": _("Personal data shown in full"),
        "personal.corrected": _("Personal data corrected"),
        "subject.linked": _("Recorded as the same person"),
        "subject.unlinked": _("No longer recorded as the same person"),
        "reveal.alarm": _("Alarm: data of many people shown in full"),
        "reveal.stopped": _("Stopped: data of too many people shown in full"),
    }
)
