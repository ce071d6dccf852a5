"""A seed that is wrong ends a build on a server too: what, where, what to do, and the table of before stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.projects import ProjectCopy

from kpi.semantic import SemanticLayer

COSTS, MEMBERS, ORDERS = "manual__costs", "wecom__group_members", "youzan__orders"
PHONE = "13800138000"


def counted():
    """Rows of the three tables."""
    with SemanticLayer(Path()).connected() as layer:
        tables = [f"{layer.places['exports']}.{name}" for name in (COSTS, MEMBERS, ORDERS)]
        return [layer.sql(f"select count(*) from {table}").rows[0][0] for table in tables]


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What dbt says of three spoiled files, and the rows of their tables before and after."""
    before = counted()
    project = ProjectCopy(tmp_path_factory.mktemp("spoiled"))
    exports = project.folder / "seeds" / "exports"

    def spoil(name, line, change):
        lines = (exports / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        lines[line - 1] = change(lines[line - 1])
        (exports / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    spoil(COSTS, 6, lambda row: row.rsplit(",", 1)[0])
    spoil(MEMBERS, 4, lambda row: row.replace(row.split(",")[1], PHONE, 1))
    spoil(ORDERS, 1, lambda header: header.replace("订单号", "单号", 1))
    outcome = project.dbt("--no-partial-parse", "seed", "--select", COSTS, MEMBERS, ORDERS)
    assert outcome.returncode == 1, outcome.stdout
    return outcome.stdout, before, counted()


@pytest.mark.parametrize(
    "message",
    [
        f"{COSTS}.csv: row 6 does not fit the header",
        f"{MEMBERS}.csv: row 4, column userid holds something else than a pseudonymous key",
        f"{ORDERS}.csv: row 1 (header) has no column 订单号",
    ],
)
def test_file_row_and_column_are_named(said, message):
    assert message in " ".join(said[0].split())


def test_the_value_of_a_person_is_not_shown(said):
    assert PHONE not in said[0]


def test_tables_stay(said):
    _, before, after = said
    assert after == before
    assert min(before) > 0
