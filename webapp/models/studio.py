"""Who runs the studio: models belong to all workspaces, so changing them is nobody's right in one of them."""

from webapp.access import Caller
from webapp.api.problems import Problem


def runs_studio(caller: Caller) -> bool:
    """A person who is staff or superuser; an API key never is."""
    return caller.user is not None and (caller.user.is_staff or caller.user.is_superuser)


def require_studio(caller: Caller) -> None:
    if not runs_studio(caller):
        msg = "Only a person who runs this studio may do this; `python manage.py runs_studio <user>` makes one."
        raise Problem(403, "Your role does not allow this", msg)
