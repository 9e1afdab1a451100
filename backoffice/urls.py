"""All addresses of the house."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="root"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("complaints.api.urls")),
    path("api/v1/", include("backoffice.loans.api.urls")),
    path("api/v1/audit/", include("backoffice.api.seal_urls")),
    path("api/partner/v1/", include("complaints.mediation.api.urls")),
    # Last: it answers every unknown address under /api/.
    path("api/", include("backoffice.api.urls")),
]
handler500 = "backoffice.api.problems.server_error"
