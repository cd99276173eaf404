"""Addresses of the templates' pages."""

from django.urls import path

from servicevm_dashboard.panels.templates import views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("<uuid:ref>/", views.DetailView.as_view(), name="detail"),
]
