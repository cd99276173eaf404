"""Addresses of the devices' pages."""

from django.urls import path

from servicevm_dashboard.panels.admin_devices import edit, plugging, views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("<uuid:ref>/", views.DetailView.as_view(), name="detail"),
    path("<uuid:ref>/edit/", edit.EditView.as_view(), name="edit"),
    path(
        "<uuid:ref>/interfaces/attach/",
        plugging.AttachView.as_view(),
        name="attach",
    ),
    path(
        "<uuid:ref>/interfaces/<int:index>/detach/",
        plugging.DetachView.as_view(),
        name="detach",
    ),
    path("<uuid:ref>/console/", views.ConsoleView.as_view(), name="console"),
]
