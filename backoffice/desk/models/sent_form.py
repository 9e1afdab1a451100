from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SentForm(models.Model):
    """The token of a form that was sent, written with what the form did, so that a second click does nothing.

    Not a record of what happened (events are), so neither tracked nor append-only: deleted after a day.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("user"),
        db_index=False,
    )
    token_sha256 = models.CharField(_("SHA-256 of the token"), max_length=64)
    sent_at = models.DateTimeField(_("sent at"), db_index=True)

    class Meta:
        # Nobody looks at it: a token is the browser's.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "token_sha256"], name="desk_sentform_token_once_per_user")
        ]

    def __str__(self) -> str:
        return self.token_sha256
