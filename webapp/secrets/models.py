"""Names that nodes may use for what must not stand in a graph."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from webapp.workspaces.models import Workspace


class Secret(models.Model):
    """`sealed` is what `webapp.secrets.seal.seal` made of the value; nothing in the database opens it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="secrets", db_index=False)
    name = models.CharField(max_length=120)
    sealed = models.TextField()
    created = models.DateTimeField(db_default=Now())
    updated = models.DateTimeField(db_default=Now())
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_secret")]
