"""申请的地址。"""

from django.urls import path, re_path

from . import budget_views, filling, history_views, import_views, views

urlpatterns = [
    path("backfill/", history_views.backfills, name="backfills"),
    path("backfill/template.xlsx", history_views.template, name="backfill-template"),
    path("backfill/<int:pk>/", history_views.paper, name="backfill-paper"),
    path("budgets/", budget_views.budgets, name="budgets"),
    path("cases/<str:number>/inspect/", budget_views.inspect, name="inspect"),
    path("exemptions/", views.exemptions, name="exemptions"),
    path("apply/", filling.choose, name="apply"),
    path("apply/<str:number>/", filling.tasks, name="tasks"),
    path("apply/<str:number>/check/", filling.review, name="check"),
    path("apply/<str:number>/paste/", import_views.paste, name="paste"),
    path("apply/<str:number>/import/", import_views.import_annex, name="import-annex"),
    path("apply/<str:number>/undo-import/", import_views.undo, name="undo-import"),
    path("apply/<str:number>/annex<int:which>.docx", filling.blank, name="blank-annex"),
    path("apply/<str:number>/template.xlsx", filling.template, name="template"),
    path("apply/<str:number>/<slug:code>/", filling.section, name="section"),
    path("cases/<str:number>/", views.detail, name="case"),
    re_path(r"^cases/(?P<number>[^/]+)/annex(?P<which>[1-4])\.(?P<kind>docx|pdf)$", views.annex, name="annex"),
    path("cases/<str:number>/clear/", views.clear, name="clear"),
    path("cases/<str:number>/diff/<int:first>..<int:second>/", views.diff, name="diff"),
]
