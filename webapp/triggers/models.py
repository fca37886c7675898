"""What starts runs by itself: schedules, which the run workers fire, and webhooks, which other systems call."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from webapp.pipelines.models import Pipeline
from webapp.runs.models import Run


class Schedule(models.Model):
    """Runs its pipeline whenever `cron` comes due in `timezone`.

    `next_due` is null when it is not enabled; a worker that fires it moves `next_due` on in the same transaction.
    `problem` says in a sentence why the last firing made no run.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="schedules")
    cron = models.TextField()
    timezone = models.TextField()
    inputs = models.JSONField(db_default=models.Value({}, models.JSONField()))
    enabled = models.BooleanField(db_default=True)
    next_due = models.DateTimeField(null=True)
    last_run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="+")
    problem = models.TextField(null=True)
    created = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["next_due"], name="schedules_due", condition=models.Q(enabled=True))]


class Webhook(models.Model):
    """An address that starts a run of its pipeline when called with a signed body. `secret` is sealed.

    `inputs_from` is {input: path into the body}; null takes the body itself as the inputs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=120, db_default="")
    secret = models.TextField()
    inputs_from = models.JSONField(null=True)
    enabled = models.BooleanField(db_default=True)
    created = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    last_run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="+")


class Delivery(models.Model):
    """A message that a webhook took, so that it is never taken twice."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    message = models.CharField(max_length=255)  # its webhook-id
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "message"], name="one_delivery")]
        indexes = [models.Index(fields=["created"], name="deliveries_by_age")]
