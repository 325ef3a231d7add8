"""考核的地址。"""

from django.urls import path

from . import evaluation_views, lead_views, survey_views, views, wording_views

urlpatterns = [
    path("assessment/", views.home, name="assessment"),
    path("assessment/start/", views.start, name="appraise"),
    path("assessment/rate/", views.rate, name="rate"),
    path("assessment/annex5/", wording_views.page, name="wording"),
    path("assessment/annex5/take/", wording_views.take_in, name="take-wording"),
    path("assessment/leads/", lead_views.leads, name="leads"),
    path("assessment/leads/take/", lead_views.take, name="take-lead"),
    path("assessment/leads/dismiss/", lead_views.dismiss, name="dismiss-lead"),
    path("assessment/<int:pk>/find/", views.find, name="find"),
    path("assessment/<int:pk>/reply/", views.reply, name="reply"),
    path("assessment/replies/<int:pk>/", views.proof, name="reply-file"),
    path("assessment/<int:pk>/evidence/", views.prove, name="prove"),
    path("assessment/rate/<int:pk>/file/", views.rating, name="rate-file"),
    path("assessment/evidence/<int:pk>/", views.evidence, name="occurrence-file"),
    path("assessment/<str:provider>/<int:year>/", views.sheet, name="sheet"),
    path("assessment/<str:provider>/<int:year>/annex5.<str:kind>", views.download, name="annex5"),
    path("surveys/", survey_views.surveys, name="surveys"),
    path("survey/", survey_views.tickets, name="survey"),
    path("survey/<int:pk>/claim/", survey_views.claim, name="claim"),
    path("q/<str:token>/", survey_views.fill, name="fill"),
    path("evaluations/", evaluation_views.home, name="evaluations"),
    path("evaluations/<str:number>/", evaluation_views.evaluation, name="evaluation"),
]
