"""Addresses of the processes' pages."""

from django.urls import path

from servicevm_dashboard.panels.admin_processes import views

urlpatterns = [
    path("", views.RelaysView.as_view(), name="index"),
    path("conductors/", views.ConductorsView.as_view(), name="conductors"),
    path("apis/", views.ApisView.as_view(), name="apis"),
]
