"""Addresses of the services' pages."""

from django.urls import path

from servicevm_dashboard.panels.services import create, edit, views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("create/", create.CreateView.as_view(), name="create"),
    path("<uuid:ref>/edit/", edit.EditView.as_view(), name="edit"),
    path("<uuid:ref>/", views.DetailView.as_view(), name="detail"),
    path("<uuid:ref>/action/", views.ActionView.as_view(), name="action"),
]
