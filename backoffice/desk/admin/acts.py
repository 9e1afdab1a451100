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
    }
)
