"""Models somebody asked for that are not among the folders in `$GENAISYS_MODELS` yet."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class OfferedModel(models.Model):
    """A model a person added: a folder on the server, or an id on a hub. The worker fetches it."""

    class Status(models.TextChoices):
        OFFERED = "offered"
        FETCHING = "fetching"
        READY = "ready"
        FAILED = "failed"

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200, blank=True, db_default="")
    task = models.CharField(max_length=40, blank=True, db_default="")
    source = models.JSONField()
    status = models.TextField(choices=Status.choices, db_default=Status.OFFERED.value)
    error = models.TextField(blank=True, db_default="")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(db_default=Now())
