"""结算的地址。"""

from django.urls import path

from . import views

urlpatterns = [
    path("settlement/", views.home, name="settlement"),
    path("settlement/package/", views.package, name="package"),
    path("settlement/<int:year>/", views.year, name="settlement-year"),
    path("settlement/<int:year>/measure/", views.measure, name="measure"),
    path("settlement/<int:year>/contract/", views.contract, name="contract"),
    path("settlement/contracts/<int:pk>/pay/", views.pay, name="pay"),
    path("settlement/runs/<int:pk>/", views.drill, name="bill"),
    path("settlement/runs/<int:pk>..<int:other>/", views.compare, name="compare-runs"),
    path("settlement/runs/<int:pk>/lines/<int:seq>/", views.line, name="bill-line"),
    path("settlement/runs/<int:pk>/differences/", views.differences, name="differences"),
    path("settlement/runs/<int:pk>/files/<str:name>", views.download, name="run-file"),
    path("settlement/runs/<int:pk>/recompute/", views.recompute, name="recompute"),
    path("settlement/plans/<int:pk>/<str:name>", views.plan_file, name="plan-file"),
    path("cases/<str:number>/plan/", views.plan, name="plan"),
    path("assets/<str:code>/evidence/<int:pk>/", views.evidence, name="evidence"),
]
