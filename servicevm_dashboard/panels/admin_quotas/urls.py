"""Addresses of the quotas' pages."""

from django.urls import path

from servicevm_dashboard.panels.admin_quotas import views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("<slug:ref>/edit/", views.EditView.as_view(), name="edit"),
]
