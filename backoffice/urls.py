"""All addresses of the house."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="root"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    *(
        path(prefix, include(module))
        for prefix, module in (
            ("api/v1/", "complaints.api.urls"),
            ("api/partner/v1/", "complaints.mediation.api.urls"),
        )
        if find_spec(module.removesuffix(".urls")) and find_spec(module)
    ),
    # Last: it answers every unknown address under /api/.
    path("api/", include("backoffice.api.urls")),
]
handler500 = "backoffice.api.problems.server_error"
