"""Wrong input ends in a message that names file, row, column and value: what only a run of dbt can show.

What rings for which fault is in ``tests/faults``. Here are the words of dbt itself: the check of seeds before anything
is loaded, the lines that a build prints for quarantined rows, and their acknowledgement.
"""

from __future__ import annotations

import csv

import pytest
from harness.golden import land, rows_of

# (export, column, value, reason): each is put into one row, all in one build, each must be reported by name
BAD_CELLS = [
    ("manual__costs", "金额", "about 800", "does not parse as an amount in yuan"),
    ("manual__costs", "社群", "wrNoSuchGroup", "a group that no group list and no callback names"),
    ("wecom__group_events", "CreateTime", "1762000000000", "Unix epoch in seconds"),
    # a key of the wrong kind: a raw identifier does not come this far
    ("wecom__group_members", "userid", "op_00000000000000000000000000000000", "not a pseudonymous key"),
    ("youzan__order_lines", "订单号", "", "the row has no key"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory, project_copy):
    """A copy of the project; nothing is built."""
    return project_copy(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize(
    ("export", "row", "column", "value", "message"),
    [
        ("youzan__orders", 8, "买家手机号", "13800138000", "holds something else"),
        ("wecom__group_events", 8, "MemChangeList", "wm_0123456789abcdef,zhangsan", "holds something else"),
        ("manual__costs", 6, "备注", "one cell, too many", "does not fit the header"),
    ],
)  # fmt: skip
def test_bad_seed_is_refused_before_anything_is_loaded(project, export, row, column, value, message):
    """A raw identifier is named and not shown; a comma that nobody quoted is shown with its row."""
    seed = project.folder / "seeds" / "exports" / f"{export}.csv"
    sound = seed.read_text(encoding="utf-8")
    rows = list(csv.reader(sound.splitlines()))
    rows[row - 1][rows[0].index(column)] = value
    quoted = [[f'"{cell}"' if "," in cell and cell != "one cell, too many" else cell for cell in line] for line in rows]
    seed.write_text("\n".join(",".join(line) for line in quoted) + "\n", encoding="utf-8")
    outcome = project.dbt("--no-write-json", "seed", "--select", export)
    seed.write_text(sound, encoding="utf-8")
    assert outcome.returncode != 0
    assert f"seeds/exports/{export}.csv: row {row}" in outcome.stdout
    assert message in outcome.stdout
    assert (value.split(",")[-1] in outcome.stdout) == (message == "does not fit the header")


@pytest.fixture(scope="module")
def landed(tmp_path_factory, project_copy):
    """Golden exports with all bad cells at once, built as far as the quarantine: copy, outcome, place of each cell."""
    landing = tmp_path_factory.mktemp("landing")
    land(landing)
    places = []
    for number, (export, column, value, _) in enumerate(BAD_CELLS, start=1):
        file = landing / f"{export}.csv"
        rows = rows_of(file)
        # the last rows: a member of the latest list, a cost of one day
        rows[-number][column] = value
        places.append((rows[-number]["_source_file"], rows[-number]["_source_row"]))
        with file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    project = project_copy(tmp_path_factory.mktemp("project"), landing)
    outcome = project.dbt(
        "--no-write-json", "build", "--exclude-resource-type", "unit_test", "--indirect-selection", "empty",
        "--select", "+quarantined_rows", "quarantined_rows_are_acknowledged",
    )  # fmt: skip
    return project, landing, outcome, places


def reported(outcome):
    return [line for line in outcome.stdout.splitlines() if "quarantined:" in line]


def test_bad_cells_are_reported_with_file_row_column_and_value(landed):
    _, _, outcome, places = landed
    assert outcome.returncode != 0
    assert f"FAIL {len(BAD_CELLS)} quarantined_rows_are_acknowledged" in outcome.stdout, outcome.stdout
    assert len(reported(outcome)) == len(BAD_CELLS)
    for (export, column, value, reason), (file, row) in zip(BAD_CELLS, places, strict=True):
        hidden = reason == "not a pseudonymous key"
        shown = f'value "{value[:2]}…"' if hidden else f'value "{value}"' if value else "value blank"
        line = f"{export}, file {file}, row {row}, column {column}, {shown}: "
        assert any(line in said and reason in said for said in reported(outcome)), f"{line} not in {reported(outcome)}"


def test_acknowledged_rows_no_longer_fail(landed):
    project, landing, _, places = landed
    with (landing / "acknowledged_quarantine.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        columns = ("export_name", "source_file", "source_row", "problem_column", "problem_value")
        writer.writerow([*columns, "acknowledged_on", "note"])
        for (export, column, value, reason), (source_file, row) in zip(BAD_CELLS, places, strict=True):
            shown = f"{value[:2]}…" if reason == "not a pseudonymous key" else value
            writer.writerow([export, source_file, row, column, shown, "2024-03-11", "accepted"])
    outcome = project.dbt(
        "--no-write-json", "build", "--select", "quarantined_rows", "--exclude-resource-type", "unit_test"
    )
    assert outcome.returncode == 0, outcome.stdout
    assert not reported(outcome)
