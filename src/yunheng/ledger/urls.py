"""台账的地址。"""

from django.urls import path

from . import arrival_views, register_views, views

urlpatterns = [
    path("zones/", register_views.zones, name="zones"),
    path("licences/", register_views.licences, name="licences"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/unmatched/", arrival_views.unmatched_list, name="unmatched"),
    path("inbox/unrecorded/", arrival_views.unrecorded_list, name="unrecorded"),
    path("inbox/sent/", arrival_views.sent, name="sent"),
    path("assets/", views.listing, name="assets"),
    path("assets/calendar/", views.expiry, name="expiry"),
    path("assets/calendar.ics", views.ics, name="ics"),
    path("assets/<str:code>/", views.detail, name="asset"),
]
