"""People, the one-time links that let them in, and the sign-ins that failed."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Now


class User(AbstractUser):
    """A person. Without a usable password they come in by an entry link and are asked to choose one."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(max_length=150, blank=True)
    language = models.CharField(max_length=10, blank=True, db_default="")  # empty: what the browser asks for

    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        return self.name or self.username


class EntryToken(models.Model):
    """A link that signs its user in, once. Only the SHA-256 of the token is kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    created = models.DateTimeField(db_default=Now())
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)


class FailedSignIn(models.Model):
    """One wrong password; many of them in a short time close the door for a while."""

    username = models.CharField(max_length=150)
    address = models.CharField(max_length=64)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["username", "created"], name="failed_by_username"),
            models.Index(fields=["address", "created"], name="failed_by_address"),
        ]
