"""The rule sets, to be read; they are edited elsewhere once there is a backtest."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from backoffice.desk.base import BaseModelAdmin
from conduct.models import Rule, RuleSet


@admin.register(RuleSet)
class RuleSetAdmin(BaseModelAdmin):
    """From when to when which rules were in force."""

    page_template = "conduct/rule_set_page.html"
    page_name = "conduct.ruleset"
    page_fields = ("number", "state", "effective_from", "effective_to", "note")
    list_display = ("number", "state", "effective_from", "effective_to", "note")
    list_filter = ("state",)
    ordering = ("-number",)

    def page_context(self, request: HttpRequest, obj: RuleSet) -> dict[str, Any]:
        return {"rules": obj.rules.order_by("pk")}


@admin.register(Rule)
class RuleAdmin(BaseModelAdmin):
    """One rule with its numbers and where it stands in law."""

    page_template = "desk/object_page.html"
    page_fields = (
        *("rule_set", "code", "kind", "parameters", "severity", "effect"),
        *("legal_force", "confidence", "source"),
    )
    list_display = ("code", "rule_set", "kind", "severity", "effect", "legal_force", "source")
    list_select_related = ("rule_set",)
    list_filter = ("kind", "effect")
    ordering = ("-rule_set", "pk")
