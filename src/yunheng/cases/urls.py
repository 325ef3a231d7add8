"""事项的地址。"""

from django.urls import path

from . import views

urlpatterns = [
    path("todo/", views.todo, name="todo"),
    path("todo/read/", views.read_all, name="read-all"),
    path("cases/", views.listing, name="cases"),
    path("cases/<str:number>/act/", views.act, name="act"),
    path("cases/<str:number>/supervise/", views.supervise, name="supervise"),
    path("cases/<str:number>/recall/", views.recall, name="recall"),
    path("cases/<str:number>/transfer/", views.transfer, name="transfer"),
    path("cases/<str:number>/consult/", views.consult, name="consult"),
    path("cases/<str:number>/consult/<int:pk>/", views.conclude, name="conclude"),
    path("rectifications/", views.rectifications, name="rectifications"),
    path("rectifications/<int:pk>/", views.rectify, name="rectify"),
    path("consultations/", views.consultations, name="consultations"),
    path("cases/<str:number>/files/", views.attach, name="attach"),
    path("cases/<str:number>/files/<int:pk>/", views.download, name="download"),
    path("procedures/", views.procedures, name="procedures"),
]
