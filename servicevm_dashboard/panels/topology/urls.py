"""Address of the topology."""

from django.urls import path

from servicevm_dashboard.panels.topology import views

urlpatterns = [path("", views.IndexView.as_view(), name="index")]
