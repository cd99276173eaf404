"""Addresses of the templates' pages."""

from django.urls import path

from servicevm_dashboard.panels.admin_templates import create, edit, views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("create/", create.CreateView.as_view(), name="create"),
    path("<uuid:ref>/edit/", edit.EditView.as_view(), name="edit"),
    path("<uuid:ref>/", views.DetailView.as_view(), name="detail"),
]
