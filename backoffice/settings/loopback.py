"""Keeps the demo on this machine."""

import ipaddress
import sys
from collections.abc import Callable, Sequence

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

REFUSAL = "The demo has published passwords and serves this machine only: bind 127.0.0.1, not {address}."


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_address(host: str) -> None:
    if not is_loopback(host):
        raise ImproperlyConfigured(REFUSAL.format(address=host))


def refuse_command_line(argv: Sequence[str] | None = None) -> None:
    """`manage.py runserver 0:8000` never reaches gunicorn's configuration, so it is caught here."""
    argv = sys.argv if argv is None else argv
    if "runserver" not in argv[1:2]:
        return
    for argument in argv[2:]:
        if argument.startswith("-") or argument.isdigit():
            continue
        host = argument.rpartition(":")[0] if ":" in argument else argument
        # Django's own short hand for 0.0.0.0.
        refuse_address("0.0.0.0" if host == "0" else host)  # noqa: S104 (named to be refused)


class LoopbackOnlyMiddleware:
    """The last word, whatever server runs the demo and however it was bound.

    It looks at the socket's peer, not at a header that the caller could write.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Empty when the server listens on a UNIX socket, which is local by nature.
        peer = request.META.get("REMOTE_ADDR", "")
        if peer and not is_loopback(peer):
            return HttpResponseForbidden("This demo serves its own machine only.")
        return self.get_response(request)
