"""考核的地址。"""

from django.urls import path

from . import views

urlpatterns = [
    path("assessment/", views.home, name="assessment"),
    path("assessment/start/", views.start, name="appraise"),
    path("assessment/rate/", views.rate, name="rate"),
    path("assessment/<int:pk>/find/", views.find, name="find"),
]
