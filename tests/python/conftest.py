"""Fixtures shared by the Python tests."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def semantic_layer():
    """One engine over the built warehouse: starting it costs seconds, a question tenths of them."""
    from kpi.semantic import SemanticLayer

    return SemanticLayer(ROOT)
