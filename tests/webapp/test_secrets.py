"""Secrets: their names are read, their values only written."""

import json
from typing import Any

import pytest
from django.conf import settings as django_settings

from tests.webapp.conftest import Caller
from webapp.secrets.models import Secret
from webapp.secrets.seal import unseal
from webapp.workspaces.models import Workspace

VALUE = "hunter2-äöü-密码"


def keep(caller: Caller, name: str = "MAIL_PASSWORD", value: Any = VALUE) -> Any:
    return caller.ask("PUT", f"/workspaces/lab/secrets/{name}", {"value": value})


def test_a_value_is_sealed_and_never_told_again(as_alice: Caller, caplog: pytest.LogCaptureFixture) -> None:
    kept = keep(as_alice)
    assert (kept.status_code, kept.json()["name"]) == (200, "MAIL_PASSWORD")
    listed = as_alice.ask("GET", "/workspaces/lab/secrets")
    assert [each["name"] for each in listed.json()["items"]] == ["MAIL_PASSWORD"]
    stored = Secret.objects.get()
    assert unseal(stored.sealed, django_settings.SECRET_KEY) == VALUE
    for told in (kept.content.decode(), listed.content.decode(), stored.sealed, caplog.text):
        assert "hunter2" not in told


def test_a_name_has_one_value_and_it_can_be_replaced_and_removed(as_alice: Caller) -> None:
    keep(as_alice)
    keep(as_alice, value="another")
    assert unseal(Secret.objects.get().sealed, django_settings.SECRET_KEY) == "another"
    assert as_alice.ask("DELETE", "/workspaces/lab/secrets/MAIL_PASSWORD").status_code == 204
    assert as_alice.ask("DELETE", "/workspaces/lab/secrets/MAIL_PASSWORD").status_code == 404


@pytest.mark.parametrize("name", ["1st", "a b", "a$", "x" * 121])
def test_a_name_that_no_graph_could_use_is_refused(as_alice: Caller, name: str) -> None:
    assert keep(as_alice, name).status_code == 422


@pytest.mark.parametrize("value", ["", "x" * 32_769, 7, {"hunter2": 1}])
def test_a_value_that_doesnt_fit_is_refused_without_being_repeated(as_alice: Caller, value: Any) -> None:
    refused = keep(as_alice, value=value)
    assert refused.status_code == 422
    assert "hunter2" not in refused.content.decode()


def test_secrets_dont_leave_with_their_workspace_or_its_pipelines(as_alice: Caller, workspace: Workspace) -> None:
    keep(as_alice)
    for path in ("/workspaces/lab", "/workspaces/lab/pipelines", "/workspaces/lab/keys", "/me"):
        assert "hunter2" not in json.dumps(as_alice.ask("GET", path).json())
