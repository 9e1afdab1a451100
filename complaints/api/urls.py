"""Addresses of the complaints API, below ``/api/v1/``."""

from django.urls import path

from complaints.api import views

urlpatterns = [
    path("complaints", views.ComplaintsView.as_view(), name="complaints"),
    path("complaints/<uuid:uid>", views.ComplaintView.as_view(), name="complaint"),
]
