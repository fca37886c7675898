"""Who is asking: a signed-in person, or an API key that is bound to one workspace and role."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from webapp.access.tokens import digest
from webapp.accounts.models import User
from webapp.workspaces.models import ApiKey

# When a key was used last is told to the hour, so that using one is not a write each time.
_NOTED_EVERY = timedelta(hours=1)


# Asked for with each request of a script, and Django takes longer to write such a statement than Postgres to answer it.
_FIND = "SELECT id, workspace_id, name, role, created_by_id, used FROM workspaces_apikey WHERE digest = %s"


@dataclass(frozen=True)
class Key:
    """An API key as far as access goes."""

    id: int
    workspace_id: int
    name: str
    role: str
    created_by_id: int | None
    used: datetime | None


@dataclass(frozen=True)
class Caller:
    """Exactly one of `user` and `key` is set."""

    user: User | None = None
    key: Key | None = None

    @property
    def author(self) -> User | None:
        """The person to name as author of a change: a key stands for whoever made it."""
        if self.user or self.author_id is None:
            return self.user
        return User.objects.filter(pk=self.author_id).first()

    @property
    def author_id(self) -> int | None:
        return self.user.pk if self.user else self.key.created_by_id if self.key else None

    @property
    def shown(self) -> str:
        return self.user.shown if self.user else f"{self.key.name} (key)" if self.key else ""


def by_user(user: User | AnonymousUser) -> Caller | None:
    return Caller(user=user) if isinstance(user, User) and user.is_active else None


def by_key(token: str) -> Caller | None:
    """The caller behind `gs_...`, or None. One query."""
    if not token.startswith("gs_"):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [digest(token)])
        row = cursor.fetchone()
    if row is None:
        return None
    key = Key(*row)
    now = timezone.now()
    if key.used is None or now - key.used > _NOTED_EVERY:
        ApiKey.objects.filter(pk=key.id).update(used=now)
    return Caller(key=key)


def caller_of(request: HttpRequest) -> Caller:
    """The caller the API's authentication found. Raises PermissionError where an address needs no login."""
    caller = getattr(request, "auth", None)
    if not isinstance(caller, Caller):
        raise PermissionError("This address was reached without authentication.")
    return caller
