"""Address of the overview."""

from django.urls import path

from servicevm_dashboard.panels.admin_overview import views

urlpatterns = [path("", views.IndexView.as_view(), name="index")]
