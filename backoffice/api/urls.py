"""Tokens, contracts, and the answer to every unknown address. The endpoints are wired in ``backoffice.urls``."""

from django.urls import path, re_path
from django.views.generic import RedirectView
from oauth2_provider.views import RevokeTokenView

from backoffice.api.docs import ViewerView, contract
from backoffice.api.problems import unknown_address
from backoffice.api.views import TokenView

urlpatterns = [
    path("oauth/token", TokenView.as_view(), name="api-token"),
    path("oauth/revoke", RevokeTokenView.as_view(http_method_names=["post"]), name="api-token-revoke"),
    path("docs/", RedirectView.as_view(pattern_name="api-viewer"), {"api": "staff"}, name="api-docs"),
    path("docs/<slug:api>/", ViewerView.as_view(), name="api-viewer"),
    path("docs/<slug:api>.yaml", contract, name="api-contract"),
    re_path(r"^.*$", unknown_address, name="api-unknown"),
]
