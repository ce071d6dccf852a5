"""Fixtures shared by the Python tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.projects import ROOT, ProjectCopy
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(ROOT / "target" / "hypothesis")  # its notes are no part of the project


# Files that ask the built warehouse go to one process: they share its engine, and the answers that it remembers.
READING = {
    *("test_truth", "test_every_metric_answers", "test_semantic_layer", "test_identities", "test_export"),
    *("test_pages", "test_readme", "test_publish", "test_query"),
}
# Long files, the longest first: the shorter ones behind them fill both processes to the end.
LONG = ("test_landed_exports", "test_coverage", "test_bad_input", "test_published", "test_increment", "test_boundaries")


def pytest_xdist_make_scheduler(config, log):
    """Deal out whole files, because their tests share what they built; those that read the warehouse together."""
    from xdist.scheduler import LoadFileScheduling

    class ByWarehouse(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "warehouse" if Path(file).stem in READING else file

    return ByWarehouse(config, log)


def pytest_collection_modifyitems(items):
    """What takes longest comes first: dealt out last, it would end alone."""
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: (item.path.stem not in READING, order.get(item.path.stem, len(order))))


@pytest.fixture(scope="session")
def project_copy():
    """The class, for tests that need a project to themselves."""
    return ProjectCopy


@pytest.fixture(scope="session")
def semantic_layer():
    """One engine over the built warehouse: starting it costs seconds, a question tenths of them; each is asked once."""
    from kpi.semantic import SemanticLayer

    class Remembering(SemanticLayer):
        """Keeps its answers: the warehouse does not change while the tests ask."""

        def _ask(self, **request):
            question = repr(sorted(request.items()))
            if question not in answers:
                answers[question] = super()._ask(**request)
            return answers[question]

    answers = {}
    with Remembering(ROOT).connected() as layer:
        yield layer
