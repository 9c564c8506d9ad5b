from django.urls import path

from courses import views

urlpatterns = [
    path("", views.find),
    path("healthcheck", views.healthcheck),
]
