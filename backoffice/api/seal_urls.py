"""Addresses of the seals, below ``/api/v1/audit/``."""

from django.urls import path

from backoffice.api.seals import KeysView, SealsView

urlpatterns = [
    path("seals", SealsView.as_view(), name="seals"),
    path("keys", KeysView.as_view(), name="seal-keys"),
]
