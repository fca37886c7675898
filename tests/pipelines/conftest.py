"""A fresh world and a fresh script for each test of the language."""

import pytest

from tests.pipelines.kinds import Script, rewrite
from tests.pipelines.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def script() -> Script:
    return rewrite()
