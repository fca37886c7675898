"""The ways in: a printed link, a password, an invitation, a key."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.webapp.conftest import Caller
from webapp.accounts import actions as accounts
from webapp.accounts.models import EntryToken, User
from webapp.pages.words import words
from webapp.workspaces import actions
from webapp.workspaces.models import Membership, Role, Workspace

PASSWORD = "correct horse battery staple"


def said(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def with_password(alice: User, settings: Any) -> User:
    alice.set_password(PASSWORD)
    alice.save()
    return alice


def type_in(client: Client, password: str, username: str = "alice", onward: str = "/") -> Any:
    return client.post("/sign-in", {"username": username, "password": password, "next": onward})


def test_the_printed_link_signs_in_once(client: Client, alice: User) -> None:
    link = said("entrylink")
    entered = client.get(link)
    assert (entered.status_code, entered.headers["Location"]) == (302, "/")
    assert client.get("/api/v1/me").json()["user"]["name"] == "Alice"
    assert Client().get(link).status_code == 404


def test_what_only_looks_ahead_does_not_use_the_link_up(client: Client, alice: User) -> None:
    link = said("entrylink")
    client.head(link)
    client.get(link, HTTP_SEC_PURPOSE="prefetch;prerender")
    assert client.get(link).status_code == 302


def test_a_link_that_is_too_old_does_not_sign_in(client: Client, alice: User) -> None:
    link = said("entrylink")
    EntryToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert client.get(link).status_code == 404
    assert client.get("/api/v1/me").status_code == 401


def test_a_password_signs_in_and_leads_on(client: Client, with_password: User) -> None:
    entered = type_in(client, PASSWORD, onward="/p/1")
    assert (entered.status_code, entered.headers["Location"]) == (302, "/p/1")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_sign_in_leads_to_no_other_site(client: Client, with_password: User, elsewhere: str) -> None:
    assert type_in(client, PASSWORD, onward=elsewhere).headers["Location"] == "/"


def test_guessing_closes_the_door_even_to_the_right_password(client: Client, with_password: User) -> None:
    for _ in range(accounts.PER_USERNAME):
        assert type_in(client, "wrong").status_code == 422
    assert type_in(client, PASSWORD).status_code == 429
    assert type_in(client, "wrong", username="bob").status_code == 422


def test_somebody_without_a_password_is_not_let_in_by_an_empty_one(client: Client, alice: User) -> None:
    assert type_in(client, "").status_code == 422


def test_the_first_user_sets_a_password_and_keeps_the_session(alice: User) -> None:
    caller = Caller()
    caller.force_login(alice)
    assert caller.ask("PUT", "/me/password", {"password": "12345678"}).status_code == 422
    assert caller.ask("PUT", "/me/password", {"password": PASSWORD}).status_code == 204
    assert caller.ask("GET", "/me").json()["user"]["has_password"] is True
    assert caller.ask("PUT", "/me/password", {"password": PASSWORD + "2"}).status_code == 403
    assert caller.ask("PUT", "/me/password", {"password": PASSWORD + "2", "current": PASSWORD}).status_code == 204


def test_the_pages_speak_the_browsers_language(client: Client, workspace: Workspace, alice: User) -> None:
    chinese = {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9,en;q=0.5"}
    page = client.get("/sign-in", **chinese).content.decode()
    assert '<html lang="zh-Hans">' in page
    assert "登录" in page
    assert "Sign in" in client.get("/sign-in", HTTP_ACCEPT_LANGUAGE="de").content.decode()
    link = "/join/" + actions.invitation_token(actions.invite(workspace, Role.EDITOR, alice))
    refused = client.post(link, {"username": "dana", "password": "12345678"}, **chinese).content.decode()
    assert "编辑者" in refused
    assert "密码" in refused
    assert "common" not in refused


def test_every_word_is_there_in_both_languages() -> None:
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    assert all(chinese[name] and chinese[name] != english[name] for name in english)


def test_coming_in_clears_ended_sessions_away(client: Client, alice: User, bob: User) -> None:
    Client().force_login(alice)
    Client().force_login(bob)
    Session.objects.filter(pk=Session.objects.first().pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    client.get(said("entrylink"))
    assert Session.objects.count() == 2


def test_signing_out_ends_the_session(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 302
    assert client.get("/api/v1/me").status_code == 401


def test_an_invitation_makes_a_member_once(client: Client, workspace: Workspace, alice: User) -> None:
    link = "/join/" + actions.invitation_token(actions.invite(workspace, Role.EDITOR, alice))
    assert "Laboratory" in client.get(link).content.decode()
    joined = client.post(link, {"username": "dana", "name": "Dana", "password": PASSWORD})
    assert joined.status_code == 302
    assert client.get("/api/v1/me").json()["workspaces"] == [{"slug": "lab", "name": "Laboratory", "role": "editor"}]
    assert Client().get(link).status_code == 404


def test_an_invitation_never_lowers_a_role(client: Client, workspace: Workspace, alice: User) -> None:
    client.force_login(alice)
    client.post("/join/" + actions.invitation_token(actions.invite(workspace, Role.VIEWER, alice)))
    assert Membership.objects.get(workspace=workspace, user=alice).role == "owner"


def test_a_withdrawn_or_forged_invitation_opens_nothing(client: Client, workspace: Workspace, alice: User) -> None:
    seat = actions.invite(workspace, Role.VIEWER, alice)
    link = "/join/" + actions.invitation_token(seat)
    seat.delete()
    assert client.get(link).status_code == 404
    assert client.get("/join/MQ:forged:signature").status_code == 404


def test_the_last_owner_cannot_leave_or_step_down(as_alice: Caller, alice: User) -> None:
    assert as_alice.ask("DELETE", f"/workspaces/lab/members/{alice.pk}").status_code == 409
    assert as_alice.ask("PATCH", f"/workspaces/lab/members/{alice.pk}", {"role": "viewer"}).status_code == 409


def test_an_inactive_user_is_nobody(as_alice: Caller, alice: User) -> None:
    User.objects.update(is_active=False)
    assert as_alice.ask("GET", "/me").status_code == 401


def test_secrets_are_never_stored_as_they_are(with_password: User, as_alice: Caller, workspace: Workspace) -> None:
    key = as_alice.ask("POST", "/workspaces/lab/keys", {"name": "k", "role": "viewer"}).json()["key"]
    printed = said("apikey", "lab", "--role", "editor")
    token = said("entrylink").rpartition("/")[2]
    assert re.fullmatch(r"gs_[\w-]{43}", printed)
    stored = dump_of_all_tables()
    for secret in (key, printed, token, PASSWORD):
        assert secret not in stored
        assert secret[12:] not in stored


def dump_of_all_tables() -> str:
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if not name.startswith("django_session")]
        texts = []
        for name in names:
            cursor.execute(f"SELECT coalesce(json_agg(t)::text, '') FROM \"{name}\" t")
            texts.append(cursor.fetchone()[0])
    return "\n".join(texts)


def test_setting_up_twice_is_setting_up_once(db: None) -> None:
    for _ in range(2):
        said("setup_demo")
    assert User.objects.count() == 1
    assert [row.slug for row in Workspace.objects.all()] == ["demo"]
    assert Membership.objects.get().role == "owner"


def test_a_key_for_a_workspace_that_is_not_there_says_which_are(workspace: Workspace) -> None:
    with pytest.raises(CommandError, match="lab"):
        call_command("apikey", "nowhere")


def test_a_removed_key_opens_nothing(as_alice: Caller) -> None:
    made = as_alice.ask("POST", "/workspaces/lab/keys", {"name": "k", "role": "viewer"}).json()
    bearer = f"Bearer {made['key']}"
    assert Caller().ask("GET", "/workspaces/lab", authorization=bearer).status_code == 200
    as_alice.ask("DELETE", f"/workspaces/lab/keys/{made['id']}")
    assert Caller().ask("GET", "/workspaces/lab", authorization=bearer).status_code == 401


def test_people_change_their_name_address_and_language(alice: User, signed_in: Callable[[User], Caller]) -> None:
    caller = signed_in(alice)
    told = caller.ask("PATCH", "/me", {"name": "  Alice B. ", "language": "zh"})
    assert told.status_code == 200
    user = caller.ask("GET", "/me").json()["user"]
    assert (user["name"], user["email"], user["language"]) == ("Alice B.", "alice@example.org", "zh")
    assert caller.ask("PATCH", "/me", {"email": "a@example.com"}).json()["email"] == "a@example.com"


@pytest.mark.parametrize("said", [{"email": "nobody"}, {"language": "xx"}, {"name": "x" * 151}, {"is_superuser": True}])
def test_what_is_no_name_address_or_language_is_refused(
    alice: User, signed_in: Callable[[User], Caller], said: dict[str, Any]
) -> None:
    assert signed_in(alice).ask("PATCH", "/me", said).status_code == 422
    alice.refresh_from_db()
    assert (alice.email, alice.is_superuser) == ("alice@example.org", False)
