"""Addresses of the devices' pages."""

from django.urls import path

from servicevm_dashboard.panels.devices import (
    attach,
    create,
    detach,
    edit,
    views,
)

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("create/", create.CreateView.as_view(), name="create"),
    path("<uuid:ref>/edit/", edit.EditView.as_view(), name="edit"),
    path("<uuid:ref>/", views.DetailView.as_view(), name="detail"),
    path(
        "<uuid:ref>/interfaces/attach/",
        attach.AttachView.as_view(),
        name="attach",
    ),
    path(
        "<uuid:ref>/interfaces/<int:index>/detach/",
        detach.DetachView.as_view(),
        name="detach",
    ),
    path("<uuid:ref>/console/", views.ConsoleView.as_view(), name="console"),
]
