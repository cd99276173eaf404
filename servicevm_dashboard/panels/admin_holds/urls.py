"""Addresses of the holds' pages."""

from django.urls import path

from servicevm_dashboard.panels.admin_holds import views

urlpatterns = [
    path("", views.IndexView.as_view(), name="index"),
    path("set/", views.SetView.as_view(), name="set"),
]
