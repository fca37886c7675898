"""Alice owns, Bob is a member, Charlie is a stranger: every endpoint, from the OpenAPI document."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.webapp.conftest import Belongings, Caller, become
from tests.webapp.endpoints import ENDPOINTS, Endpoint
from webapp.accounts.models import User
from webapp.api.main import api
from webapp.pipelines.models import Pipeline
from webapp.workspaces import actions
from webapp.workspaces.models import Role

PREFIX = "/api/v1"
# Of no workspace, so that a stranger to it is only one who may do less.
NOBODYS = {"POST /models"}


def documented() -> set[str]:
    paths = api.get_openapi_schema()["paths"]
    return {f"{method.upper()} {path.removeprefix(PREFIX)}" for path, of in paths.items() for method in of}


def test_every_documented_endpoint_has_a_row_here() -> None:
    assert {str(endpoint) for endpoint in ENDPOINTS} == documented()


def ask(caller: Client, endpoint: Endpoint, names: dict[str, Any], **more: str) -> Any:
    address = PREFIX + endpoint.address(names)
    headers = {f"HTTP_{name.upper()}": value for name, value in (*endpoint.headers, *more.items())}
    if endpoint.files:
        return caller.post(address, {"file": SimpleUploadedFile("a.txt", b"some words")}, **headers)
    assert isinstance(caller, Caller)
    return caller.ask(
        endpoint.method, endpoint.address(names), endpoint.content(names), **dict(endpoint.headers), **more
    )


@pytest.fixture
def names(belongings: Belongings, charlie: User, alice: User) -> dict[str, Any]:
    return {**belongings.names, "one": 1, "other": alice.pk}


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if not (each.signed or each.studio)], ids=str)
def test_an_endpoint_serves_those_it_should_and_nobody_else(
    endpoint: Endpoint,
    names: dict[str, Any],
    belongings: Belongings,
    bob: User,
    charlie: User,
    signed_in: Callable[[User], Caller],
) -> None:
    assert (ask(Caller(), endpoint, names).status_code == 401) is not endpoint.open
    assert (ask(Caller(), endpoint, names, authorization="Bearer gs_wrong").status_code == 401) is not endpoint.open
    if endpoint.role is not None:
        stranger = 403 if str(endpoint) in NOBODYS else 404
        assert ask(signed_in(charlie), endpoint, names).status_code == stranger
        for lower in [role for role in Role if not role.covers(endpoint.role)]:
            become(bob, belongings.workspace, lower)
            assert ask(signed_in(bob), endpoint, names).status_code == 403, lower
        become(bob, belongings.workspace, endpoint.role)
    response = ask(signed_in(bob), endpoint, names)
    assert response.status_code < 300, response.content


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.role], ids=str)
def test_a_key_opens_its_own_workspace_with_its_own_role(
    endpoint: Endpoint, names: dict[str, Any], belongings: Belongings, charlie: User
) -> None:
    assert endpoint.role is not None
    elsewhere = actions.create_workspace(charlie, "Elsewhere")
    foreign = "Bearer " + actions.make_key(elsewhere, "foreign", Role.OWNER)[1]
    if str(endpoint) not in NOBODYS:
        assert ask(Caller(), endpoint, names, authorization=foreign).status_code == 404
    for lower in [role for role in Role if not role.covers(endpoint.role)]:
        weak = "Bearer " + actions.make_key(belongings.workspace, "weak", lower)[1]
        assert ask(Caller(), endpoint, names, authorization=weak).status_code == 403, lower
    fit = "Bearer " + actions.make_key(belongings.workspace, "fit", endpoint.role)[1]
    response = ask(Caller(), endpoint, names, authorization=fit)
    # Removing the only owner is refused for another reason.
    assert response.status_code < 300 or (endpoint.method == "DELETE" and response.status_code == 409), response.content


def test_lists_hold_nothing_of_other_workspaces(
    belongings: Belongings, charlie: User, signed_in: Callable[[User], Caller]
) -> None:
    actions.create_workspace(charlie, "Elsewhere", "elsewhere")
    caller = signed_in(charlie)
    for what in ("pipelines", "runs", "collections"):
        assert caller.ask("GET", f"/workspaces/elsewhere/{what}").json() == {"items": [], "next": None}
    assert [each["slug"] for each in caller.ask("GET", "/workspaces").json()["items"]] == ["elsewhere"]
    assert caller.ask("GET", "/templates").json() == []


def test_a_browser_needs_the_csrf_token_to_change_something(alice: User, pipeline: Pipeline) -> None:
    browser = Caller(enforce_csrf_checks=True)
    browser.force_login(alice)
    refused = browser.ask("POST", f"/pipelines/{pipeline.pk}/runs", {"inputs": {"question": "Ann"}})
    assert refused.status_code == 403
    assert "X-CSRFToken" in refused.json()["detail"]
    browser.cookies["csrftoken"] = token = "a" * 32
    sent = browser.ask("POST", f"/pipelines/{pipeline.pk}/runs", {"inputs": {"question": "Ann"}}, x_csrftoken=token)
    assert sent.status_code == 202


def test_a_table_that_belongs_to_no_workspace_cannot_be_asked(alice: User) -> None:
    from webapp.access import Caller as Asking
    from webapp.access import visible

    with pytest.raises(TypeError, match="belongs to no workspace"):
        visible(Asking(user=alice), User)
