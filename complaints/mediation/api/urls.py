"""Addresses of the partner API, below ``/api/partner/v1/``."""

from django.urls import path

from complaints.mediation.api import steps, views

urlpatterns = [
    path("referrals", views.ReferralListView.as_view(), name="partner-referrals"),
    path("referrals/<uuid:uid>", views.ReferralView.as_view(), name="partner-referral"),
    path("referrals/<uuid:uid>/parties", views.PartiesView.as_view(), name="partner-parties"),
    path("referrals/<uuid:uid>/events", views.EventsView.as_view(), name="partner-events"),
    path("referrals/<uuid:uid>/acceptance", steps.AcceptanceView.as_view(), name="partner-acceptance"),
    path("referrals/<uuid:uid>/rejection", steps.RejectionView.as_view(), name="partner-rejection"),
    path("referrals/<uuid:uid>/suspension", steps.SuspensionView.as_view(), name="partner-suspension"),
    path("referrals/<uuid:uid>/resumption", steps.ResumptionView.as_view(), name="partner-resumption"),
    path("referrals/<uuid:uid>/extension", steps.ExtensionView.as_view(), name="partner-extension"),
    path("referrals/<uuid:uid>/closure", steps.ClosureView.as_view(), name="partner-closure"),
]
