from django.urls import path

from schools import views

urlpatterns = [
    path("", views.summary),
    path("healthcheck", views.healthcheck),
]
