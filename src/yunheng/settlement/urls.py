"""结算的地址。"""

from django.urls import path

from . import views

urlpatterns = [
    path("settlement/package/", views.package, name="package"),
    path("assets/<str:code>/evidence/<int:pk>/", views.evidence, name="evidence"),
]
