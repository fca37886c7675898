"""Pipelines and their versions."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from webapp.workspaces.models import Workspace


class Pipeline(models.Model):
    """A saved graph. `revision` counts saves (the ETag), `version` is the number of its newest version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="pipelines")
    name = models.CharField(max_length=200)
    graph = models.JSONField()
    revision = models.IntegerField(db_default=1)
    version = models.IntegerField(db_default=1)
    ran_version = models.IntegerField(db_default=0)  # the newest version that was run: it must stay as it was
    last_number = models.IntegerField(db_default=0)  # of its runs
    created = models.DateTimeField(db_default=Now())
    updated = models.DateTimeField(db_default=Now())
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["workspace", "-updated", "id"], name="pipelines_newest")]

    def __str__(self) -> str:
        return self.name


class PipelineVersion(models.Model):
    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    graph = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pipeline", "number"], name="one_version")]
