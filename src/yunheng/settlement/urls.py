"""结算的地址。"""

from django.urls import path

from yunheng.settlement.pages import bills, differing, drilling, funds, mending, objections, plans, years

urlpatterns = [
    path("settlement/", years.home, name="settlement"),
    path("settlement/package/", years.package, name="package"),
    path("settlement/<int:year>/", years.year, name="settlement-year"),
    path("settlement/recovery/", funds.shares, name="recovery"),
    path("settlement/handover/", funds.reporting, name="handover"),
    path("settlement/handover/<int:pk>.csv", funds.handover_file, name="handover-file"),
    path("settlement/<int:year>/forecast/", funds.forecast, name="forecast"),
    path("settlement/<int:year>/measure/", years.measure, name="measure"),
    path("settlement/<int:year>/contract/", years.contract, name="contract"),
    path("settlement/contracts/<int:pk>/pay/", years.pay, name="pay"),
    path("settlement/runs/<int:pk>/", drilling.drill, name="bill"),
    path("settlement/runs/<int:pk>/lines.xlsx", drilling.sheet, name="bill-sheet"),
    path("settlement/runs/<int:pk>/days/<str:day>/", drilling.day, name="bill-day"),
    path("settlement/runs/<int:pk>/objections/", objections.raise_one, name="object"),
    path("settlement/objections/", objections.listing, name="objections"),
    path("settlement/objections/<int:pk>/", objections.one, name="objection"),
    path("settlement/objections/<int:pk>/<str:which>/", objections.file, name="objection-file"),
    path("settlement/runs/<int:pk>..<int:other>/", bills.compare, name="compare-runs"),
    path("settlement/runs/<int:pk>/lines/<int:seq>/", drilling.line, name="bill-line"),
    path("settlement/runs/<int:pk>/differences/", differing.differences, name="differences"),
    path("settlement/runs/<int:pk>/files/<str:name>", bills.download, name="run-file"),
    path("settlement/handlings/<int:pk>/", differing.handling_file, name="handling-file"),
    path("settlement/runs/<int:pk>/recast/", differing.recast, name="recast"),
    path("settlement/runs/<int:pk>/recompute/", years.recompute, name="recompute"),
    path("settlement/runs/<int:pk>/focus.csv", bills.focus_file, name="focus"),
    path("settlement/<int:year>/plan/", plans.plan, name="settlement-plan"),
    path("settlement/plans/<int:pk>..<int:other>/", plans.compare, name="plan-diff"),
    path("settlement/plans/<int:pk>/<str:name>", plans.plan_file, name="plan-file"),
    path("settlement/drafts/<int:pk>/<str:name>", plans.draft_file, name="draft-file"),
    path("cases/<str:number>/verify/", funds.verify, name="verify"),
    path("assets/<str:code>/saving/", bills.saving, name="saving"),
    path("assets/<str:code>/facts/<int:pk>/correct/", mending.correct, name="correct"),
    path("assets/<str:code>/corrections/<int:pk>/", mending.file, name="correction-file"),
    path("assets/<str:code>/evidence/<int:pk>/", bills.evidence, name="evidence"),
]
