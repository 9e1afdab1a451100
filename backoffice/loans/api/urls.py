"""Addresses of the loan book's API, below ``/api/v1/``."""

from django.urls import path

from backoffice.loans.api import views

urlpatterns = [
    path("loans", views.LoansView.as_view(), name="loans"),
    path("loans/<uuid:uid>", views.LoanView.as_view(), name="loan"),
    path("loans/<uuid:uid>/repayments", views.LoanRepaymentsView.as_view(), name="loan-repayments"),
    path("repayments", views.RepaymentsView.as_view(), name="repayments"),
    path("repayments/<str:external_id>", views.RepaymentView.as_view(), name="repayment"),
    path("repayments/<str:external_id>/reversal", views.ReversalView.as_view(), name="repayment-reversal"),
]
