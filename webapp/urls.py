"""Where every address leads."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from webapp.api.main import api
from webapp.api.problems import problem
from webapp.pages import errors, views
from webapp.watch import views as watch


def no_such_endpoint(request: HttpRequest) -> HttpResponse:
    return problem(404, detail="There is no such address. The interface is described at /api/v1/openapi.json.")


urlpatterns = [
    path("api/v1/", api.urls),
    path("metrics", watch.exposed),
    re_path(r"^api/", no_such_endpoint),
    path("sign-in", views.sign_in),
    path("sign-out", views.sign_out),
    path("set-password", views.set_password),
    path("enter/<str:token>", views.enter),
    path("join/<str:token>", views.join),
    # Every other address without a dot is a page of the canvas; with one it would be a file, and is not there.
    re_path(r"^(?P<path>(?!static/|assets/|ws/)[^.]*)$", views.studio),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
