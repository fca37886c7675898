"""Templates: pipelines published to the gallery, to be forked."""

from django.db.models import (
    CASCADE,
    DateTimeField,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    SlugField,
    Value,
)
from django.db.models.functions import Now

from webapp.workspaces.models import Workspace


class Template(Model):
    """`title` and `description` are a string, or one for each language: `{"en": ..., "zh": ...}`.

    `workspace` is null for those that come with the studio; the others are shown to that workspace's members.
    """

    slug = SlugField(max_length=80, primary_key=True)
    workspace = ForeignKey(Workspace, on_delete=CASCADE, null=True, related_name="templates")
    title = JSONField()
    description = JSONField(db_default=Value("", JSONField()))
    tags = JSONField(db_default=Value([], JSONField()))
    models = JSONField(db_default=Value([], JSONField()))
    collections = JSONField(db_default=Value([], JSONField()))
    graph = JSONField()
    sample = JSONField(db_default=Value({}, JSONField()))
    position = IntegerField(db_default=0)
    updated = DateTimeField(db_default=Now())
