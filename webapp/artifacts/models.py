"""Which bytes there are, and which workspace holds them."""

from django.db import models
from django.db.models.functions import Now

from webapp.workspaces.models import Workspace


class Artifact(models.Model):
    """Bytes in the artifact store, named by their SHA-256 in hexadecimal."""

    digest = models.CharField(max_length=64, primary_key=True)
    media = models.TextField(db_default="application/octet-stream")
    size = models.BigIntegerField()
    created = models.DateTimeField(db_default=Now())


class Holding(models.Model):
    """A workspace that may read an artifact, since an upload or a run of its own brought it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="holdings")
    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="holdings", db_column="digest")
    name = models.TextField(db_default="")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "artifact"], name="one_holding")]
