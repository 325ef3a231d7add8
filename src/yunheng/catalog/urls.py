"""目录的地址。"""

from django.urls import path

from . import import_views, views

urlpatterns = [
    path("catalog/tiers/", views.tiers, name="tiers"),
    path("catalog/", views.prices, name="catalog"),
    path("public/catalog/", views.published, name="public-catalog"),
    path("public/catalog/<str:number>.xlsx", views.published_sheet, name="public-catalog-sheet"),
    path("procurement/", views.procurement, name="procurement"),
    path("procurement/start/", views.inquire, name="inquire"),
    path("procurement/agreements/", views.agree, name="agree"),
    path("procurement/agreements/<str:code>.xlsx", views.agreement_sheet, name="agreement-sheet"),
    path("procurement/<str:number>/", views.demand, name="demand"),
    path("catalog/start/", views.start, name="catalog-start"),
    path("catalog/<str:number>.xlsx", views.sheet, name="catalog-sheet"),
    path("cases/<str:number>/catalog/", views.save, name="catalog-save"),
    path("cases/<str:number>/catalog/import/", import_views.import_rows, name="catalog-import"),
    path("cases/<str:number>/catalog/undo/", import_views.undo, name="catalog-undo"),
]
