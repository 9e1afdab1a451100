from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from complaints.choices import CategoryRoot


class CategoryVersion(models.Model):
    """One edition of the category tree. Old complaints keep theirs; successors map it to the next."""

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("category version")
        verbose_name_plural = _("category versions")

    def __str__(self) -> str:
        return f"v{self.number}"


class Category(models.Model):
    """A node of the tree under one of the roots from practice; ``jrt_code`` maps to JR/T 0218 when known."""

    version = models.ForeignKey(
        CategoryVersion,
        on_delete=models.PROTECT,
        related_name="categories",
        verbose_name=_("category version"),
        db_index=False,
    )
    code = models.CharField(_("code"), max_length=40)
    root = models.CharField(_("root"), max_length=12, choices=CategoryRoot.choices)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    name_en = models.CharField(_("name (English)"), max_length=80)
    name_zh = models.CharField(_("name (Chinese)"), max_length=80)
    jrt_code = models.CharField(_("JR/T code"), max_length=20, blank=True)
    successor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("successor"),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="complaints_category_code_once")
        ]

    def __str__(self) -> str:
        return self.code
