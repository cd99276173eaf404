"""Address of the breakers' page."""

from django.urls import path

from servicevm_dashboard.panels.admin_breakers import views

urlpatterns = [path("", views.IndexView.as_view(), name="index")]
