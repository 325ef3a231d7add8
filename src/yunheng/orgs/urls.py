"""登录和人员的地址。"""

from django.urls import path

from . import commission_views, preview_views, views

urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("login/code/", views.code, name="code"),
    path("login/as/<int:number>/", views.become, name="become"),
    path("login/oidc/", views.oidc_start, name="oidc"),
    path("login/oidc/back/", views.oidc_back, name="oidc-callback"),
    path("login/cas/", views.cas, name="cas"),
    path("logout/", views.sign_out, name="logout"),
    path("switch/<int:number>/", views.switch, name="switch"),
    path("password/", views.password, name="password"),
    path("me/views/", views.saved_views, name="saved-views"),
    path("me/awake/", views.awake, name="awake"),
    path("me/", views.me, name="me"),
    path("previews/notes.xlsx", preview_views.notes, name="preview-notes"),
    path("conventions/", views.conventions_page, name="conventions"),
    path("commissions/", commission_views.home, name="commissions"),
    path("commissions/<int:pk>/", commission_views.commission, name="commission"),
    path("commissions/deliverables/<int:pk>/", commission_views.deliverable, name="deliverable"),
    path("admin/institutions/", views.institutions, name="institutions"),
    path("admin/people/", views.people, name="people"),
    path("admin/people/appointments/<int:pk>/dismiss/", views.dismissal, name="dismissal"),
]
