"""A fresh world and a fresh script for each test of the language."""

import pytest
from hypothesis import HealthCheck, settings

from tests.pipelines.kinds import Script, rewrite
from tests.pipelines.world import World

# No time is asserted, and what passes once passes again: a busy machine is no failure.
settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def script() -> Script:
    return rewrite()
