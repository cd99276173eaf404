"""Addresses of the pages of what projects have used."""

from django.urls import path

from servicevm_dashboard.panels.admin_usage import views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("<slug:project>/", views.ProjectView.as_view(), name="detail"),
]
