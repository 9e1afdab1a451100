"""What the theme asks by dotted path from ``settings.UNFOLD``: the settings import nothing from the apps."""

from __future__ import annotations

from django.http import HttpRequest
from django.templatetags.static import static


def stylesheet(request: HttpRequest) -> str:
    """Our stylesheet, laid over the theme's."""
    return static("desk/desk.css")


def incident_stylesheet(request: HttpRequest) -> str:
    """The red button and the pages of incidents."""
    return static("desk/incident.css")


def script(request: HttpRequest) -> str:
    """Keyboard, double clicks, menus."""
    return static("desk/desk.js")


def icon(request: HttpRequest) -> str:
    """The icon in the browser's tab."""
    return static("desk/icon.svg")
