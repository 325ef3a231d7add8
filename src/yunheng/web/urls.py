"""全站的地址：各章的，加首页、检索、审计、演示。"""

from django.urls import include, path

from yunheng.audit.views import entries
from yunheng.orgs.access import allowed
from yunheng.rules.roles import Role

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("yunheng.orgs.urls")),
    path("", include("yunheng.cases.urls")),
    path("", include("yunheng.applications.urls")),
    path("", include("yunheng.catalog.urls")),
    path("", include("yunheng.ledger.urls")),
    path("", include("yunheng.assessment.urls")),
    path("", include("yunheng.settlement.urls")),
    path("search/", views.search, name="search"),
    path("policy/<str:clause>/", views.clause, name="clause"),
    path("audit/", allowed(Role.AUDIT_ADMIN)(entries), name="audit"),
    path("demo/", views.demo, name="demo"),
    path("demo/reset/", views.reset, name="reset"),
    path("demo/clock/", views.clock, name="clock"),
    path("watermark.svg", views.watermark, name="watermark"),
    path("demo/hosts.xlsx", views.sample, name="sample"),
    path("browser/", views.browser, name="browser"),
]
