"""Wrong input ends in a message that names file, row, column and value. Each test corrupts a copy.

The copy of the project is built once; a test spoils one seed, builds that export again and reads what
dbt says. A file that cannot be read row by row stops the run before anything is loaded; a cell that
cannot be used goes to quarantine, and the test that watches the quarantine fails.
"""

from __future__ import annotations

import csv
import io

import pytest


def build_export(project, *exports):
    """Build exports from their seeds to the quarantine, and nothing else."""
    staged = [f"stg_{export}" for export in exports if "__" in export]
    last = [*staged, "orphaned_rows", "quarantined_rows", "quarantined_rows_are_acknowledged"]
    return project.dbt(
        "--no-write-json", "build", "--exclude-resource-type", "unit_test", "--indirect-selection", "empty", "--select", *exports, *last
    )  # fmt: skip


def seed_of(project, export):
    return project.folder / "seeds" / "exports" / f"{export}.csv"


def read_rows(project, export):
    with seed_of(project, export).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write_rows(project, export, rows):
    with seed_of(project, export).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


# (export, column, value, reason): each is put into one row, all in one build, each must be reported by name
BAD_CELLS = [
    ("manual__costs", "金额", "about 800", "does not parse as an amount in yuan"),
    ("tencent_ads__daily", "cost", "12.5", "does not parse as a whole number of fen"),
    ("youzan__orders", "订单实付金额", "3.999", "does not parse as an amount in yuan"),
    ("wecom__group_events", "UpdateDetail", "change_colour", "unknown UpdateDetail"),
    ("wecom__group_events", "CreateTime", "1762000000000", "Unix epoch in seconds"),
    ("wecom__messages", "msgtime", "1762000000", "Unix epoch in milliseconds"),
    ("wecom__messages", "msgtype", "hologram", "a message type that message_types does not list"),
    # a key of the wrong kind: a raw identifier does not come this far
    ("wecom__group_members", "userid", "op_00000000000000000000000000000000", "not a pseudonymous key"),
    ("youzan__orders", "订单号", "", "the row has no key"),
    ("wechat_store__orders", "status", "77", "unknown status"),
    ("manual__costs", "社群", "wrNoSuchGroup", "a group that no group list and no callback names"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory, project_copy):
    """A built copy of the project with sound seeds."""
    project = project_copy(tmp_path_factory.mktemp("project"))
    outcome = project.dbt("build", "--exclude-resource-type", "unit_test", "--exclude", "test_type:data")
    assert outcome.returncode == 0, outcome.stdout
    return project


@pytest.fixture
def spoiled_file(project):
    """Lets a test replace one seed file; the sound one is put back afterwards."""
    kept = {}

    def replace(export, change):
        path = seed_of(project, export)
        kept[path] = path.read_bytes()
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        return build_export(project, export)

    yield replace
    for path, content in kept.items():
        path.write_bytes(content)


def drop_column(text, name):
    rows = list(csv.reader(text.splitlines()))
    gone = rows[0].index(name)
    return "\n".join(",".join(f'"{cell}"' for i, cell in enumerate(row) if i != gone) for row in rows) + "\n"


def edit_line(text, number, change):
    lines = text.splitlines()
    lines[number] = change(lines[number])
    return "\n".join(lines) + "\n"


def test_missing_column_names_file_and_column(spoiled_file):
    outcome = spoiled_file("manual__costs", lambda text: drop_column(text, "金额"))
    assert outcome.returncode != 0
    assert "seeds/exports/manual__costs.csv: row 1 (header) has no column 金额" in outcome.stdout


def test_shifted_row_names_file_row_and_what_it_reads(spoiled_file):
    outcome = spoiled_file("manual__costs", lambda text: edit_line(text, 5, lambda line: line + ",one cell too many"))
    assert outcome.returncode != 0
    assert "seeds/exports/manual__costs.csv: row 6 does not fit the header" in outcome.stdout
    assert "one cell too many" in outcome.stdout


def test_truncated_row_names_file_and_row(spoiled_file, project):
    last = len(seed_of(project, "wecom__messages").read_text(encoding="utf-8").splitlines())
    outcome = spoiled_file("wecom__messages", lambda text: edit_line(text, -1, lambda line: line[:40]))
    assert outcome.returncode != 0
    assert f"seeds/exports/wecom__messages.csv: row {last} does not fit the header" in outcome.stdout


def test_empty_file_names_file_and_header(spoiled_file):
    outcome = spoiled_file("manual__costs", lambda text: "")
    assert outcome.returncode != 0
    assert "seeds/exports/manual__costs.csv: the file is empty" in outcome.stdout


@pytest.mark.parametrize(
    ("export", "column", "value"),
    [
        ("youzan__orders", "买家手机号", "13800138000"),
        ("wecom__group_events", "MemChangeList", "wm_00000000000000000000000000000000,zhangsan"),
    ],
)
def test_raw_identifier_is_refused_before_anything_is_loaded_and_not_shown(
    spoiled_file, project, export, column, value
):
    rows = read_rows(project, export)
    rows[7][rows[0].index(column)] = value

    def change(_):
        output = io.StringIO()
        csv.writer(output, lineterminator="\n").writerows(rows)
        return output.getvalue()

    outcome = spoiled_file(export, change)
    assert outcome.returncode != 0
    assert f"seeds/exports/{export}.csv: row 8, column {column} holds something else" in outcome.stdout
    assert value.split(",")[-1] not in outcome.stdout


@pytest.fixture(scope="module")
def quarantine(project):
    """All bad cells at once: the outcome of the build, and for each cell where it was put."""
    sound = {}
    places = []
    for number, (export, column, value, _) in enumerate(BAD_CELLS, start=1):
        rows = read_rows(project, export)
        sound.setdefault(export, rows)
        header = rows[0]
        # sending rows only: other actions of the archive have no time and type to be spoiled
        usable = [row for row in rows[1:] if "action" not in header or row[header.index("action")] == "send"]
        row = usable[number]
        row[header.index(column)] = value
        places.append((row[header.index("_source_file")], row[header.index("_source_row")]))
        write_rows(project, export, rows)
    rows = read_rows(project, "youzan__orders")
    sound_orders, copied = rows[0], list(rows[30])
    copied[sound_orders.index("订单实付金额")] = "99999.00"
    copied[sound_orders.index("_source_row")] = "9999"
    write_rows(project, "youzan__orders", [*rows, copied])
    outcome = build_export(project, *sound)
    return outcome, places, copied[sound_orders.index("订单号")]


def reported(outcome):
    return [line for line in outcome.stdout.splitlines() if "quarantined:" in line]


@pytest.mark.parametrize("number", range(len(BAD_CELLS)), ids=[f"{cell[0]}-{cell[2]}" for cell in BAD_CELLS])
def test_bad_cell_is_reported_with_file_row_column_and_value(quarantine, number):
    outcome, places, _ = quarantine
    export, column, value, reason = BAD_CELLS[number]
    file, row = places[number]
    hidden = reason == "not a pseudonymous key"
    shown = f'value "{value[:2]}…"' if hidden else f'value "{value}"' if value else "value blank"
    line = f"{export}, file {file}, row {row}, column {column}, {shown}: "
    assert any(line in shown_line and reason in shown_line for shown_line in reported(outcome)), outcome.stdout


def test_duplicate_key_in_one_file_is_reported(quarantine):
    outcome, _, order = quarantine
    line = f'row 9999, column 订单号, value "{order}": the same order number twice in one file'
    assert any(line in shown_line for shown_line in reported(outcome)), outcome.stdout


def test_quarantine_fails_the_build_and_counts_nothing_else(quarantine):
    outcome, _, _ = quarantine
    assert outcome.returncode != 0
    assert f"FAIL {len(BAD_CELLS) + 1} quarantined_rows_are_acknowledged" in outcome.stdout
    assert len(reported(outcome)) == len(BAD_CELLS) + 1


def test_acknowledged_rows_no_longer_fail(project, quarantine):
    _, places, order = quarantine
    register = project.folder / "seeds" / "reference" / "acknowledged_quarantine.csv"
    with register.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for (export, column, value, _), (source_file, row) in zip(BAD_CELLS, places, strict=True):
            shown = f"{value[:2]}…" if export == "wecom__group_members" else value
            writer.writerow([export, source_file, row, column, shown, "2026-05-20", "accepted"])
        writer.writerow(["youzan__orders", "", "9999", "订单号", order, "2026-05-20", "accepted"])
    outcome = build_export(project, "acknowledged_quarantine", "manual__costs")
    assert outcome.returncode == 0, outcome.stdout
    assert not reported(outcome)
