"""The tables of a run. The run worker writes them with plain SQL: a change here is a change there."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now

from webapp.pipelines.models import Pipeline
from webapp.workspaces.models import ApiKey, Workspace

_SECONDS_NOW = Func(template="extract(epoch FROM statement_timestamp())", output_field=models.FloatField())


class Run(models.Model):
    """One execution. The row alone says who owns it: every write of a worker carries `owner` and `token`."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WAITING = "waiting"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Cause(models.TextChoices):
        PERSON = "person"
        KEY = "key"
        SCHEDULE = "schedule"
        WEBHOOK = "webhook"

    FINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # No index of their own for what the indexes below begin with: each write of a run would pay for it.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="runs", db_index=False)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.SET_NULL, null=True, related_name="runs", db_index=False)
    number = models.IntegerField(db_default=0)
    graph = models.JSONField()
    inputs = models.JSONField(db_default=models.Value({}, models.JSONField()))
    seed = models.BigIntegerField(null=True)
    start_from = models.TextField(db_default="")
    only = models.TextField(db_default="")  # the path of the one node that is asked for
    values = models.JSONField(null=True)  # {node path: {port: JSON}}, outputs taken as they stand
    status = models.TextField(choices=Status.choices, db_default=Status.QUEUED.value)
    priority = models.IntegerField(db_default=0)
    rank = models.FloatField(db_default=_SECONDS_NOW)  # its place among those of the same priority, lowest first
    trace = models.TextField(db_default="")  # the W3C traceparent of the request that asked for it
    cause = models.TextField(choices=Cause.choices, db_default=Cause.PERSON.value)
    owner = models.TextField(null=True)
    token = models.IntegerField(db_default=0)
    cancel_requested = models.BooleanField(db_default=False)
    cancel_steps = models.JSONField(db_default=models.Value([], models.JSONField()))  # node paths a person stopped
    outputs = models.JSONField(null=True)
    error = models.JSONField(null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    created = models.DateTimeField(db_default=Now())
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    claims = models.IntegerField(db_default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "-priority", "rank", "id"], name="runs_queue", condition=Q(status="queued")
            ),
            models.Index(fields=["owner"], name="runs_owned", condition=Q(status="running")),
            models.Index(fields=["workspace"], name="runs_running", condition=Q(status="running")),
            models.Index(fields=["workspace"], name="runs_waiting", condition=Q(status="waiting")),
            models.Index(
                fields=["api_key", "status"],
                name="runs_of_key",
                condition=Q(api_key__isnull=False, status__in=["queued", "running"]),
            ),
            models.Index(fields=["workspace", "-created", "id"], name="runs_newest"),
            models.Index(fields=["pipeline", "-created", "id"], name="runs_of_pipeline"),
        ]


class Step(models.Model):
    """One node within a run, as it stands now."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    node = models.TextField()  # its path: each[3]/answer
    status = models.TextField()
    seconds = models.FloatField(null=True)
    cached = models.BooleanField(db_default=False)
    attempts = models.IntegerField(db_default=0)
    error = models.JSONField(null=True)
    key = models.TextField(db_default="")
    outputs = models.JSONField(null=True)
    usage = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "node"], name="one_step")]


class Wait(models.Model):
    """What a run asks of a person, or the time it waits for. Open while `answered` is null.

    An answer sets `answer` and `answered`. A `due` that passes sets `answered` alone: `answer` stays null.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="waits", db_index=False)
    node = models.TextField()
    form = models.JSONField()
    due = models.DateTimeField(null=True)
    created = models.DateTimeField(db_default=Now())
    answer = models.JSONField(null=True)
    answered = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "node"], name="one_wait")]
        indexes = [
            models.Index(fields=["due"], name="waits_due", condition=Q(answered__isnull=True, due__isnull=False))
        ]


class RunLog(models.Model):
    """The events of an ended or waiting run, `[[id, event], ...]`, as anybody could have read them live."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="log")
    entries = models.JSONField()


class StepResult(models.Model):
    """What a step of that key gave, so that no step with the same key runs again in its workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    key = models.TextField()
    outputs = models.JSONField()
    size = models.BigIntegerField(db_default=0)
    used = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="one_result")]
        indexes = [models.Index(fields=["used"], name="results_by_use")]


class WorkerLease(models.Model):
    """A run worker that is alive until `expires`."""

    id = models.TextField(primary_key=True)
    host = models.TextField()
    pid = models.IntegerField()
    started = models.DateTimeField(db_default=Now())
    expires = models.DateTimeField()
    info = models.JSONField(db_default=models.Value({}, models.JSONField()))


class RunRequest(models.Model):
    """An Idempotency-Key and the run it made; it counts for 24 hours."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)  # of the body
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pipeline", "key"], name="one_request")]
        indexes = [models.Index(fields=["created"], name="requests_by_age")]
