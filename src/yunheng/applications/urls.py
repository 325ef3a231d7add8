"""申请的地址。"""

from django.urls import path, re_path

from . import views

urlpatterns = [
    path("exemptions/", views.exemptions, name="exemptions"),
    path("apply/", views.choose, name="apply"),
    path("apply/<str:number>/", views.tasks, name="tasks"),
    path("apply/<str:number>/check/", views.review, name="check"),
    path("apply/<str:number>/paste/", views.paste, name="paste"),
    path("apply/<str:number>/import/", views.import_annex, name="import-annex"),
    path("apply/<str:number>/annex<int:which>.docx", views.blank, name="blank-annex"),
    path("apply/<str:number>/template.xlsx", views.template, name="template"),
    path("apply/<str:number>/<slug:code>/", views.section, name="section"),
    path("cases/<str:number>/", views.detail, name="case"),
    re_path(r"^cases/(?P<number>[^/]+)/annex(?P<which>[1-4])\.(?P<kind>docx|pdf)$", views.annex, name="annex"),
    path("cases/<str:number>/clear/", views.clear, name="clear"),
    path("cases/<str:number>/diff/<int:first>..<int:second>/", views.diff, name="diff"),
]
