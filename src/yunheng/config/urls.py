"""全站的地址。"""

from django.urls import include, path

from yunheng.api.receiving import api

urlpatterns = [path("", include("yunheng.web.urls")), path("api/v1/", api.urls)]
handler400 = "yunheng.web.errors.bad_request"
handler403 = "yunheng.web.errors.forbidden"
handler404 = "yunheng.web.errors.not_found"
handler500 = "yunheng.web.errors.server_error"
