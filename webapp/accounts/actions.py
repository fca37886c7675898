"""Letting people in: entry links, passwords, and a door that closes when someone guesses."""

from datetime import timedelta

from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from webapp.access.tokens import digest, new_token
from webapp.accounts.models import EntryToken, FailedSignIn, User

LINK_LIVES = timedelta(hours=12)
# Ten wrong passwords for a name, or thirty from an address, close the door for the rest of these minutes.
WINDOW = timedelta(minutes=15)
PER_USERNAME, PER_ADDRESS = 10, 30


class TooManyFailures(Exception):
    """Too many wrong passwords lately; try again after `WINDOW`."""


class WrongPassword(ValidationError):
    """The current password is another one."""


def make_entry_token(user: User) -> str:
    """A new token; `/enter/<token>` signs `user` in, once, within `LINK_LIVES`."""
    token = new_token()
    now = timezone.now()
    with transaction.atomic():
        EntryToken.objects.filter(expires__lt=now - timedelta(days=1)).delete()
        EntryToken.objects.create(digest=digest(token), user=user, expires=now + LINK_LIVES)
    return token


def redeem(token: str) -> User | None:
    """The user of a token that is neither used nor too old; it is used then."""
    now = timezone.now()
    unused = EntryToken.objects.filter(digest=digest(token), used=None, expires__gt=now, user__is_active=True)
    if unused.update(used=now) == 0:
        return None
    return User.objects.get(entrytoken__digest=digest(token))


def sign_in(request: HttpRequest, username: str, password: str) -> User | None:
    """The user with that password. Raises TooManyFailures before looking at any password."""
    address = str(request.META.get("REMOTE_ADDR") or "")[:64]
    username = username[:150].replace("\0", "")
    since = timezone.now() - WINDOW
    recent = FailedSignIn.objects.filter(created__gt=since).filter(Q(username=username) | Q(address=address))
    failures = list(recent.values_list("username", "address")[: PER_ADDRESS + PER_USERNAME])
    if (
        sum(name == username for name, _ in failures) >= PER_USERNAME
        or sum(where == address for _, where in failures) >= PER_ADDRESS
    ):
        raise TooManyFailures
    user = authenticate(request, username=username, password=password)
    if isinstance(user, User):
        FailedSignIn.objects.filter(Q(username=username) | Q(created__lt=since - WINDOW)).delete()
        return user
    FailedSignIn.objects.create(username=username, address=address)
    return None


def forget_ended_sessions() -> None:
    """Sessions end by themselves; their rows are cleared away here, whenever somebody comes in."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()


def change_password(request: HttpRequest, user: User, password: str, current: str) -> None:
    """Sets it, and keeps this session. Raises WrongPassword, or ValidationError for a password easily guessed."""
    if user.has_usable_password() and not user.check_password(current):
        raise WrongPassword("The current password is wrong.")
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
