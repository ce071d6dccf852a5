"""Tests against the server of a leg, which .ci/engine has started and filled; COMMUNITY_METRICS_TARGET names it."""

from __future__ import annotations

import pytest

from kpi.targets import find_target


@pytest.fixture(scope="session")
def target():
    """The target of the leg."""
    found = find_target()
    assert not found.is_embedded, "COMMUNITY_METRICS_TARGET names no server"
    return found
