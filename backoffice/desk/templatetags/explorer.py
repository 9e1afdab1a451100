"""The ways from an object's pages into the record: as it was, one request, who looked, what a user saw."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.inclusion_tag("desk/explorer/parts/as_it_was.html", takes_context=True)
def as_it_was(context: dict[str, Any]) -> dict[str, Any]:
    """Asks for a moment to show the object at."""
    return {
        "record_url": context.get("record_url", ""),
        "now": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
    }


@register.simple_tag(takes_context=True)
def request_link(context: dict[str, Any], request_id: str) -> SafeString:
    """The beginning of a request's id; a link to its whole effect for those who may explore the record."""
    short = request_id[:8]
    if not context["request"].user.has_perm("audit.explore_record"):
        return format_html('<code class="muted" title="{} {}">{}</code>', _("Request"), request_id, short)
    url = f"{reverse('admin:record_request')}?{urlencode({'id': request_id})}"
    title = _("Everything this request did")
    return format_html('<a href="{}" title="{}"><code>{}</code></a>', url, title, short)


@register.simple_tag(takes_context=True)
def then_link(context: dict[str, Any], entry: Any) -> SafeString:
    """The object as it was after this entry; nothing for entries of its parts, which have no record page."""
    original = context.get("original")
    if original is None or type(original) is not entry.model or original.pk != entry.object_pk:
        return SafeString("")
    query = urlencode({"at": timezone.localtime(entry.at).isoformat()})
    return format_html('<a href="?{}">{}</a>', query, _("As it was"))


@register.simple_tag(takes_context=True)
def who_looked_link(context: dict[str, Any]) -> SafeString:
    """A tab of an object's page: who saw the person it is about, or what this user saw."""
    from django.contrib import admin  # the theme loads every tag library while the admin is being imported

    viewer, obj = context["request"].user, context.get("original")
    if obj is None or not viewer.has_perm("audit.view_readevent") or type(obj) not in admin.site._registry:
        return SafeString("")
    if obj._meta.label_lower == "staff.user":
        url = f"{reverse('admin:record_reads')}?{urlencode({'who': obj.username})}"
        return format_html('<a href="{}">{}</a>', url, _("What they saw"))
    page: Any = admin.site._registry[type(obj)]
    if not page.logs_reads:
        return SafeString("")
    subject_id, dossier_id = page.subject_of(obj), page.dossier_id_of(obj)
    if subject_id is None and dossier_id is None:
        return SafeString("")
    query = {"subject": subject_id} if subject_id is not None else {"dossier": dossier_id}
    return format_html(
        '<a href="{}?{}">{}</a>', reverse("admin:record_person"), urlencode(query), _("Who looked")
    )
