"""Addresses of the operations' and events' pages."""

from django.urls import path

from servicevm_dashboard.panels.admin_operations import views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("events/", views.EventsView.as_view(), name="events"),
    path("<uuid:ref>/", views.DetailView.as_view(), name="detail"),
]
