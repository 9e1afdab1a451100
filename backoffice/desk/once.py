"""A form that makes one service call: made once however often it is sent, refused with its reason, or done."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from backoffice.core.errors import DomainError, NotPermitted
from backoffice.desk import sidebar

#: How long a form, once sent, is remembered so that a second click does nothing.
ONCE_SECONDS = 3600


class Once:
    """A form that was sent once is not sent twice: its token is taken before the service is called."""

    def __init__(self, request: HttpRequest) -> None:
        token = request.POST.get("once", "")
        self.key = f"desk.once.{request.user.pk}.{token[:64]}" if token else ""

    @staticmethod
    def fresh() -> str:
        return uuid.uuid4().hex

    def was_used(self) -> bool:
        return bool(self.key) and cache.get(self.key) is not None

    def take(self) -> bool:
        return not self.key or cache.add(self.key, 1, ONCE_SECONDS)

    def give_back(self) -> None:
        if self.key:
            cache.delete(self.key)


def answer_once(
    request: HttpRequest,
    form: Form,
    *,
    ask: Callable[[Form, int], HttpResponse],
    make: Callable[[dict[str, Any]], HttpResponse],
    elsewhere: str,
) -> HttpResponse:
    """The answer to a posted form. ``make`` calls the service with the cleaned data and answers where to go.

    ``ask(form, status)`` draws the form again with what is wrong (422). A second click goes ``elsewhere`` and changes
    nothing. Raises ``PermissionDenied`` when the service says so.
    """
    if not form.is_valid():
        return ask(form, 422)
    once = Once(request)
    if not once.take():
        messages.info(request, _("This was already done; the second click changed nothing."))
        return HttpResponseRedirect(elsewhere)
    try:
        response = make(form.cleaned_data)
    except NotPermitted as error:
        once.give_back()
        raise PermissionDenied from error
    except DomainError as error:
        once.give_back()
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return ask(form, 422)
    except BaseException:
        once.give_back()
        raise
    sidebar.forget(request.user)
    return response
