"""The contracts, to read and to browse, for signed-in staff. Everything comes from our own static files."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from backoffice.api.schema import APIS


@staff_member_required
def contract(request: HttpRequest, api: str) -> HttpResponse:
    """The OpenAPI file of one API, as it lies in the repository."""
    if api not in APIS:
        raise Http404
    return HttpResponse(APIS[api].path.read_bytes(), content_type="application/yaml; charset=utf-8")


@method_decorator(staff_member_required, name="dispatch")
class ViewerView(SpectacularSwaggerSplitView):
    """The viewer. Its script is a file of its own, as the content security policy wants it."""

    # The decorator above has asked for a member of staff; machines have no business here.
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []

    def _get_schema_url(self, request: Any) -> str:
        return reverse("api-contract", kwargs={"api": self.kwargs["api"]})
