"""Where every address leads."""

from django.urls import path

from webapp.api.main import api
from webapp.pages import errors

urlpatterns = [
    path("api/v1/", api.urls),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
