"""Workspaces, who belongs to them, and the keys and links that open them."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Role(models.TextChoices):
    """What a member may do; each role may also do what those before it may."""

    VIEWER = "viewer"
    RUNNER = "runner"
    EDITOR = "editor"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def covers(self, needed: "Role") -> bool:
        return self.rank >= needed.rank


class Workspace(models.Model):
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    created = models.DateTimeField(db_default=Now())
    queue_paused = models.BooleanField(db_default=False)  # nothing more is taken from its queue
    # Runs at once, and runs waiting for their turn; null is what the studio allows by itself.
    most_running = models.IntegerField(null=True)
    most_queued = models.IntegerField(null=True)

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership")]


class ApiKey(models.Model):
    """A key bound to one workspace and one role. `digest` is the SHA-256 of 256 random bits: nothing to guess."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role.choices)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(db_default=Now())
    used = models.DateTimeField(null=True)
    most_running = models.IntegerField(null=True)
    most_queued = models.IntegerField(null=True)


class Invitation(models.Model):
    """An open seat. Its link is signed by the server and not stored."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created = models.DateTimeField(db_default=Now())
    expires = models.DateTimeField()
    accepted = models.DateTimeField(null=True)
