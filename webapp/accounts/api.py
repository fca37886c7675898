"""The person behind the session."""

from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field, StringConstraints

from webapp.access import caller_of, visible
from webapp.accounts.actions import WrongPassword, change_password
from webapp.accounts.models import User
from webapp.api.problems import Problem
from webapp.workspaces.api import Strict, WorkspaceOut
from webapp.workspaces.models import Workspace

router = Router(tags=["accounts"])


class UserOut(Schema):
    id: int | None
    name: str
    email: str
    language: str = ""
    has_password: bool = True


class MeChange(Strict):
    """What isn't sent stays as it is."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=150)] | None = None
    email: str | None = Field(None, max_length=254)
    language: Literal["", "en", "zh"] | None = Field(None, description="Empty: what the browser asks for.")


class Me(Schema):
    user: UserOut
    workspaces: list[WorkspaceOut]


class NewPassword(Strict):
    password: str = Field(max_length=200)
    current: str | None = Field(None, max_length=200, description="Needed when there is a password already.")


@router.get("/me", response=Me)
def me(request: HttpRequest) -> Any:
    caller = caller_of(request)
    workspaces = [
        {"slug": workspace.slug, "name": workspace.name, "role": workspace.caller_role}  # type: ignore[attr-defined]
        for workspace in visible(caller, Workspace).order_by("slug")
    ]
    user = caller.user
    if user is None:
        return {"user": {"id": None, "name": caller.shown, "email": ""}, "workspaces": workspaces}
    return {"user": _shown(user), "workspaces": workspaces}


@router.patch("/me", response=UserOut)
def change_me(request: HttpRequest, body: MeChange) -> Any:
    user = caller_of(request).user
    if user is None:
        raise Problem(403, "A key is no person", "Sign in to change your name, your address or your language.")
    said = {name: value for name, value in body.model_dump().items() if value is not None}
    if said.get("email"):
        try:
            validate_email(said["email"])
        except ValidationError as error:
            errors = [{"loc": ["body", "email"], "msg": error.messages[0]}]
            raise Problem(422, "This is no address", error.messages[0], errors) from None
    for name, value in said.items():
        setattr(user, name, value)
    if said:
        user.save(update_fields=list(said))
    return _shown(user)


@router.put("/me/password", response={204: None})
def set_password(request: HttpRequest, body: NewPassword) -> Any:
    user = caller_of(request).user
    if user is None:
        raise Problem(403, "A key has no password", "Sign in to change yours.")
    try:
        change_password(request, user, body.password, body.current or "")
    except WrongPassword:
        raise Problem(403, "The current password is wrong", "Type the one you signed in with.") from None
    except ValidationError as error:
        errors = [{"loc": ["body", "password"], "msg": msg} for msg in error.messages]
        raise Problem(422, "This password is too easy", " ".join(error.messages), errors) from None
    return HttpResponse(status=204)


def _shown(user: User) -> dict[str, Any]:
    told = {"id": user.pk, "name": user.shown, "email": user.email, "language": user.language}
    return {**told, "has_password": user.has_usable_password()}
