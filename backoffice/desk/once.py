"""A form that makes one service call: made once however often it is sent, refused with its reason, or done."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.core.errors import DomainError, NotPermitted
from backoffice.desk import sidebar
from backoffice.desk.services import sent_forms


class AlreadySent(Exception):
    """The form was sent before, or by another click for which this one has waited."""


class Once:
    """A form that was sent once is not sent twice: its token is taken before the service is called.

    The tokens are in the database, which all processes share whatever their cache is.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._user_id: int = request.user.pk  # type: ignore[assignment]
        self._token = request.POST.get("once", "")

    @staticmethod
    def fresh() -> str:
        return uuid.uuid4().hex

    def was_used(self) -> bool:
        return bool(self._token) and sent_forms.was_sent(user_id=self._user_id, token=self._token)

    @contextmanager
    def making(self, *, commits_itself: bool = False) -> Iterator[None]:
        """The frame of the service call. Raises ``AlreadySent``.

        Token and effect are one transaction: they come together, and a failure or a crash leaves neither. A call that
        ``commits_itself`` (part by part, or what must stay although it ends with a refusal) would lose by that: its
        token is committed before, and given back when it fails.
        """
        if not commits_itself:
            with transaction.atomic():
                self._take()
                yield
            return
        self._take()
        try:
            yield
        except BaseException:
            self._give_back()
            raise

    def _take(self) -> None:
        if self._token and not sent_forms.take_token(
            user_id=self._user_id, token=self._token, at=timezone.now()
        ):
            raise AlreadySent

    def _give_back(self) -> None:
        if self._token:
            sent_forms.give_back_token(user_id=self._user_id, token=self._token)


def answer_already_sent(request: HttpRequest, elsewhere: str) -> HttpResponse:
    """The answer to a second click."""
    messages.info(request, _("This was already done; the second click changed nothing."))
    return HttpResponseRedirect(elsewhere)


def answer_once(
    request: HttpRequest,
    form: Form,
    *,
    ask: Callable[[Form, int], HttpResponse],
    make: Callable[[dict[str, Any]], HttpResponse],
    elsewhere: str,
    commits_itself: bool = False,
) -> HttpResponse:
    """The answer to a posted form. ``make`` calls the service with the cleaned data and answers where to go.

    ``ask(form, status)`` draws the form again with what is wrong (422). A second click goes ``elsewhere`` and changes
    nothing. ``commits_itself``: see ``Once.making``. Raises ``PermissionDenied`` when the service says so.
    """
    if not form.is_valid():
        return ask(form, 422)
    try:
        with Once(request).making(commits_itself=commits_itself):
            response = make(form.cleaned_data)
    except AlreadySent:
        return answer_already_sent(request, elsewhere)
    except NotPermitted as error:
        raise PermissionDenied from error
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return ask(form, 422)
    sidebar.forget(request.user)
    return response
