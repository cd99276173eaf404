"""Address of the page of what the project has used."""

from django.urls import path

from servicevm_dashboard.panels.usage import views

urlpatterns = [path("", views.IndexView.as_view(), name="index")]
