"""Addresses of the services' pages."""

from django.urls import path

from servicevm_dashboard.panels.admin_services import views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("<uuid:ref>/", views.DetailView.as_view(), name="detail"),
]
