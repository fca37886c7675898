"""The whole OpenAPI document, fuzzed: requests that fit it and requests that don't never break the server."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from tests.webapp.conftest import Belongings
from tests.webapp.endpoints import ENDPOINTS, Endpoint
from webapp.accounts.models import User
from webapp.api.main import api
from webapp.workspaces.models import Role

EXAMPLES = 8
PREFIX = "/api/v1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfit"])
def test_no_request_breaks_the_server(
    live_url: str, belongings: Belongings, alice: User, key_of: Callable[[Role], str], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    names = {**belongings.names, "one": 1, "other": alice.pk}
    headers = {"Authorization": key_of(Role.EDITOR)}
    wrong: list[str] = []
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        endpoint = row_of(operation.method, operation.path)

        def send(case: Any, real: bool, endpoint: Endpoint = endpoint) -> None:
            nonlocal asked
            asked += 1
            if real and endpoint.method != "DELETE":
                case.path_parameters.update({blank: str(names[what]) for blank, what in endpoint.names})
            if endpoint.path.endswith("/search") and case.query:
                case.query["mode"] = "words"  # no model worker runs here, and one would be waited for
            response = case.call(base_url=live_url, headers=headers, timeout=30)
            if not answered_well(response):
                wrong.append(
                    f"{endpoint}: {response.status_code} {response.content[:300]!r} for {case.as_curl_command()}"
                )

        strategy = operation.as_strategy(generation_mode=mode)
        with contextlib.suppress(Unsatisfiable):  # some requests can't be unfit
            given(strategy, st.booleans())(quick(send))()
    assert asked > 100
    assert not wrong, "\n".join(wrong[:20])


def quick(send: Callable[..., None]) -> Callable[..., None]:
    checks = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return checks(lambda case, real: send(case, real))


def row_of(method: str, path: str) -> Endpoint:
    name = f"{method.upper()} {path.removeprefix(PREFIX)}"
    return next(endpoint for endpoint in ENDPOINTS if str(endpoint) == name)


def answered_well(response: Any) -> bool:
    """Not broken, and an error is a problem in words."""
    if response.status_code < 400:
        return True
    if "application/problem+json" not in response.headers.get("content-type", []):
        return False
    return response.status_code < 500
