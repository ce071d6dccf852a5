"""Faults of exports: each is put into a copy of the golden exports, and the alarm that is meant for it has to ring.

``tests/faults/faults.yml`` is the table. A fault changes rows or the file itself; it then

- ``quarantines`` rows: export, column and reason of the rows that are set aside;
- ``fails`` a data test of this name;
- ``stops`` the build before anything is loaded, with these words;
- fails an ``expectation``, a check of the boundary: what only the whole of an export can show. It is put into a copy of
  the committed seeds, which are large enough for that;
- leaves ``unknown`` the metrics that it names: null, not zero;
- or leaves numbers ``unchanged``: all tables of the marts (``everything``), or the metrics that it names.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness import build_golden
from harness.golden import EXPORTED_AT, ROOT, encode, units
from harness.replay import Replay, open_warehouse

TABLE = ROOT / "tests" / "faults" / "faults.yml"
FOLDER = ROOT / "target" / "faults" / os.environ.get("PYTEST_XDIST_WORKER", "")  # pytest may use two processes
ALARMS = ("quarantines", "fails", "stops", "expectation", "unknown", "unchanged")
QUARANTINE = "quarantined_rows_are_acknowledged"
Row = dict[str, str]


def load_faults() -> list[dict[str, Any]]:
    """The faults as written.

    Raises:
        ValueError: when an entry lacks something, names two alarms, or bears the name of another.
    """
    faults = yaml.load(TABLE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for fault in faults:
        alarms = [alarm for alarm in ALARMS if alarm in fault]
        if len(alarms) != 1 or set(fault) != {"fault", "danger", "change", *alarms}:
            raise ValueError(f"{TABLE.name}: needs fault, danger, change and one alarm: {fault}")
    if len({fault["fault"] for fault in faults}) != len(faults):
        raise ValueError(f"{TABLE.name}: two faults of one name")
    return faults


class Export:
    """One landed CSV file, to be spoiled.

    Attributes:
        file: the file.
        header: its columns.
        rows: its rows; what is changed here is written by ``write``.
        is_file_fault: whether something else than rows was changed, so that dbt has to look at the file anew.
    """

    def __init__(self, file: Path) -> None:
        """Read the file."""
        self.file, self.is_file_fault, self.units = file, False, units(file.stem)
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            self.rows: list[Row] = list(reader)
            self.header = list(reader.fieldnames or [])

    def write(self) -> None:
        """Write header and rows."""
        self.file.write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """Header and rows as CSV."""
        output = io.StringIO()
        writer = csv.DictWriter(output, self.header, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        return output.getvalue()

    def written(self, values: Row) -> Row:
        """Values as the platform writes them: given as in the golden files, wall clock and yuan."""
        return {column: encode(value, self.units.get(column)) for column, value in values.items()}

    def chosen(self, where: Row | None) -> list[Row]:
        """Rows with these values, all of them without a condition.

        Raises:
            ValueError: when there is none: the fault would change nothing.
        """
        wanted = self.written(where or {}).items()
        found = [row for row in self.rows if all(row[column] == value for column, value in wanted)]
        if not found:
            raise ValueError(f"{self.file.name}: no row with {where}")
        return found

    # ---- faults of rows

    def put(self, values: Row, where: Row | None = None) -> None:
        """Write values into rows."""
        for row in self.chosen(where):
            row.update(self.written(values))

    def scale(self, columns: list[str], by: float, where: Row | None = None) -> None:
        """Multiply numbers: a wrong unit."""
        for row in self.chosen(where):
            for column in columns:
                if row[column].strip(" -—"):
                    number = round(float(row[column].replace(",", "")) * by, 6)
                    row[column] = str(int(number)) if number == int(number) else str(number)

    def shift(self, column: str, by: int) -> None:
        """Add to numbers: another clock."""
        for row in self.rows:
            if row[column] not in ("", "0"):
                row[column] = str(int(row[column]) + by)

    def drop(self, where: Row | None = None, last: int = 0) -> None:
        """Lose rows: those chosen, or the last ones."""
        gone = self.rows[-last:] if last else self.chosen(where)
        self.rows = [row for row in self.rows if not any(row is other for other in gone)]

    def thin(self, every: int) -> None:
        """Keep one row of so many: the platform gave a sample, or pages were left out."""
        self.rows = self.rows[::every]

    def repeat(self, where: Row | None = None, **values: str) -> None:
        """Add copies of rows, with other values: a row that comes twice, or one more of a kind."""
        for number, row in enumerate(list(self.chosen(where))):
            copied = row | {"_source_row": str(9000 + number)} | self.written(values)
            self.rows.append(copied)

    def add(self, **values: str) -> None:
        """Add a row: of a kind that the golden rows do not have."""
        lineage = {"_source_file": self.file.name, "_source_row": str(9000 + len(self.rows))}
        blank = dict.fromkeys(self.header, "")
        self.rows.append(blank | lineage | {"_exported_at": EXPORTED_AT} | self.written(values))

    def swap(self, columns: list[str]) -> None:
        """Exchange the values of two columns under their headers."""
        first, second = columns
        for row in self.rows:
            row[first], row[second] = row[second], row[first]

    def reverse(self) -> None:
        """Put the rows in the opposite order."""
        self.rows.reverse()

    # ---- faults of the file

    def rename_column(self, column: str, to: str) -> None:
        """Give a column another header."""
        self.is_file_fault = True
        self.header[self.header.index(column)] = to
        for row in self.rows:
            row[to] = row[column]

    def add_column(self, column: str, value: str) -> None:
        """Add a column that nobody declared."""
        self.is_file_fault = True
        self.header.append(column)
        for row in self.rows:
            row[column] = value

    def reorder_columns(self) -> None:
        """Put the columns in the opposite order."""
        self.is_file_fault = True
        self.header.reverse()

    def clear(self) -> None:
        """Leave the header alone."""
        self.is_file_fault = True
        self.rows = []


def empty(file: Path) -> None:
    """Nothing in the file, not even a header."""
    file.write_text("", encoding="utf-8")


def truncate(file: Path) -> None:
    """The download stopped in the middle of the last row."""
    text = file.read_text(encoding="utf-8").rstrip("\n")
    start = text.rindex("\n") + 1
    file.write_text(text[: start + (len(text) - start) // 3], encoding="utf-8")


def unquote(file: Path) -> None:
    """A comma in a cell that nobody quoted, in the second row."""
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",", ",草莓,2斤装,", 1)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def as_gbk(file: Path) -> None:
    """The encoding of a spreadsheet on a Chinese machine."""
    file.write_bytes(file.read_text(encoding="utf-8").encode("gb18030"))


def as_mojibake(file: Path) -> None:
    """UTF-8 that was read as Latin-1 and saved."""
    file.write_text(file.read_bytes().decode("latin-1"), encoding="utf-8")


def with_bom(file: Path) -> None:
    """The mark that spreadsheets put before UTF-8."""
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


def delete(file: Path) -> None:
    """The export was not delivered."""
    file.unlink()


def misname(file: Path) -> None:
    """One underscore instead of two."""
    file.rename(file.with_name(file.name.replace("__", "_", 1)))


OF_FILES: dict[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (empty, truncate, unquote, as_gbk, as_mojibake, with_bom, delete, misname)
}


def spoil(exports: Path, changes: list[dict[str, Any]]) -> tuple[set[str], bool]:
    """Put faults into landed exports.

    Returns:
        The exports touched, and whether something else than their rows was.
    """
    touched, file_fault = set(), False
    for change in changes:
        what, arguments = change["do"], {k: v for k, v in change.items() if k not in ("do", "export")}
        file = exports / f"{change['export']}.csv"
        touched.add(change["export"])
        if what in OF_FILES:
            OF_FILES[what](file)
            file_fault = True
            continue
        export = Export(file)
        before = export.text()
        getattr(export, what)(**arguments)
        if export.text() == before:
            raise ValueError(f"{file.name}: {what} changed nothing")
        export.write()
        file_fault |= export.is_file_fault
    return touched, file_fault


def boundary_findings(fault: dict[str, Any]) -> list[str]:
    """Names of the boundary checks that ring for a fault in the committed seeds: those of the exports it touches."""
    from kpi.boundaries.baseline import OF_SEEDS, read_baseline
    from kpi.boundaries.run import check_exports

    seeds = FOLDER / "seeds"
    shutil.rmtree(seeds, ignore_errors=True)
    seeds.mkdir(parents=True)
    for name in {change["export"] for change in fault["change"]}:
        shutil.copy(ROOT / "seeds" / "exports" / f"{name}.csv", seeds)
    touched, _ = spoil(seeds, fault["change"])
    report = check_exports(seeds, read_baseline(OF_SEEDS), only=sorted(touched))
    return sorted({finding.check for finding in report.findings})


@dataclass
class Outcome:
    """What a fault led to.

    Attributes:
        stopped: what dbt said when it refused the files, empty when it did not.
        failed: data tests that found rows.
        quarantined: (export, column, reason) of rows set aside that were not before.
        changed: tables of the marts that hold other rows than without the fault.
        answers: answers to the questions asked, before and after.
    """

    stopped: str
    failed: dict[str, int]
    quarantined: list[tuple[str, str, str]]
    changed: list[str]
    answers: dict[str, tuple[list, list]]


class Bench:
    """A golden warehouse on which one fault after another is tried and taken back."""

    def __init__(self, questions: dict[str, str], folder: Path = FOLDER) -> None:
        """Copy the golden warehouse; ``questions`` are SQL by name, asked before and after each fault."""
        self.folder = folder
        self.questions = questions
        self.replay = Replay.of(build_golden.TARGET / "manifest.json")
        self.exports = self.folder / "exports"
        file = self.folder / "community_metrics.duckdb"
        self.folder.mkdir(parents=True, exist_ok=True)
        sound = self.folder / "sound.duckdb"  # a copy: the engine holds the golden warehouse itself
        for copied in (file, sound):
            shutil.copy(build_golden.WAREHOUSE, copied)
        self.connection = open_warehouse(file)
        self.connection.execute(f"attach '{sound}' as sound (read_only)")
        self.before = self._ask(questions)
        # a view of the copy reads the tables of this warehouse, whatever stands in them: its rows are kept
        self.kept = {node["name"] for node in self.replay.nodes.values() if _is_view(node)}
        for node in self.replay.nodes.values():
            if node["name"] in self.kept:
                relation = f'"{node["schema"]}"."{node["alias"]}"'
                self.connection.execute(f'create temp table "{node["name"]}" as from {relation}')

    def _ask(self, names: Iterable[str]) -> dict[str, list]:
        return {name: self.connection.execute(self.questions[name]).fetchall() for name in names}

    def _models_read(self, names: Iterable[str]) -> set[str]:
        return {model for name in names for model in re.findall(r'"marts"\."(\w+)"', self.questions[name])}

    def try_fault(self, fault: dict[str, Any]) -> Outcome:
        """Spoil the exports, build what its alarm reads of what reads them, look, and take everything back."""
        shutil.rmtree(self.exports, ignore_errors=True)
        shutil.copytree(build_golden.LANDING, self.exports)
        touched, file_fault = spoil(self.exports, fault["change"])
        bases = [f"base_{export}" for export in sorted(touched)]
        compiled: dict[str, str] = {}
        if file_fault:  # dbt looks at header and file while it compiles
            stopped, compiled = self._compile(bases)
            if stopped:
                return Outcome(stopped, {}, [], [], {})
        below = self.replay.below(bases)
        asked = [name for key in ("unknown", "unchanged") for name in fault.get(key, []) if name in self.questions]
        if fault.get("unchanged") != "everything":
            below &= self.replay.above({QUARANTINE, fault.get("fails"), *self._models_read(asked)})

        def sql(node: dict[str, Any]) -> str:
            text = compiled.get(node["unique_id"], node["compiled_code"])
            return text.replace(str(build_golden.LANDING), str(self.exports))

        self.connection.execute("begin")
        try:
            changed = self._rebuild(below, {f"base_{export}" for export in touched}, sql)
            failed = self.replay.test(self.connection, self.replay.reading(changed) & below)
            after = self._ask(asked)
            return Outcome(
                "",
                failed,
                self._quarantined(),
                sorted(name for name, schema in map(self._named, changed) if schema == "marts"),
                {name: (self.before[name], after[name]) for name in asked},
            )
        finally:
            self.connection.execute("rollback")

    def _compile(self, bases: list[str]) -> tuple[str, dict[str, str]]:
        """What dbt says of the spoiled files: its refusal, or the compiled SQL of the models that read them."""
        from dbt.cli.main import dbtRunner

        scratch = self.folder / "scratch" / "community_metrics.duckdb"
        scratch.parent.mkdir(exist_ok=True)
        quiet = ["--quiet", "--no-write-json", "--no-use-colors"]
        if not hasattr(self, "manifest"):  # in the settings of the golden build, whose parsed files it finds
            os.environ |= build_golden.environment() | {"DBT_TARGET_PATH": str(build_golden.TARGET)}
            self.manifest = dbtRunner().invoke([*quiet, "parse", "--project-dir", str(ROOT)]).result
        os.environ |= build_golden.environment(self.exports, scratch) | {"DBT_TARGET_PATH": str(self.folder / "dbt")}
        runner = dbtRunner(manifest=self.manifest)
        commands = [["compile", "--select", *bases]]
        if {file.name for file in self.exports.iterdir()} - {file.name for file in build_golden.LANDING.iterdir()}:
            arguments = f"{{landing: '{self.exports}'}}"
            commands.insert(0, ["run-operation", "require_known_files", "--args", arguments])
        for command in commands:
            events: list[str] = []
            runner.callbacks = [lambda event, events=events: events.append(event.info.msg)]
            done = runner.invoke([*quiet, *command, "--project-dir", str(ROOT)])
            if not done.success:
                return "\n".join([*events, str(done.exception or "")]), {}
        return "", {result.node.unique_id: result.node.compiled_code for result in done.result}

    def _quarantined(self) -> list[tuple[str, str, str]]:
        columns = "export_name, problem_column, problem_reason"
        return self.connection.execute(
            f"select {columns} from quality.quarantined_rows where not is_acknowledged"
            f" except all select {columns} from sound.quality.quarantined_rows where not is_acknowledged"
        ).fetchall()

    def _rebuild(self, below: set[str], bases: set[str], sql: Callable[[dict[str, Any]], str]) -> set[str]:
        """Build what is below the bases as far as anything changes; returns the ids that hold other rows."""
        changed: set[str] = set()
        for key in self.replay.order:
            node = self.replay.nodes[key]
            if node["resource_type"] != "model" or key not in below:
                continue
            if node["name"] in bases or changed & set(node["depends_on"].get("nodes", [])):
                self.replay.build(self.connection, {key}, sql)
                if self._differs(node):
                    changed.add(key)
        return changed

    def _differs(self, node: dict[str, Any]) -> bool:
        """Whether a table or view holds other rows than without the fault."""
        name = f'"{node["schema"]}"."{node["alias"]}"'
        before = f'temp."{node["name"]}"' if node["name"] in self.kept else f"sound.{name}"
        return bool(
            self.connection.execute(
                f"select 1 from ((from {name} except all from {before})"
                f" union all (from {before} except all from {name})) limit 1"
            ).fetchone()
        )

    def _named(self, key: str) -> tuple[str, str]:
        return self.replay.nodes[key]["name"], self.replay.nodes[key]["schema"]


def _is_view(node: dict[str, Any]) -> bool:
    """Whether a model is a view of other models; base models are views of files."""
    is_base = node["name"].startswith("base_")
    return node["resource_type"] == "model" and node["config"]["materialized"] == "view" and not is_base


def known(rows: list[tuple]) -> list[tuple]:
    """Rows whose last column, the metric, is known."""
    return [row for row in rows if row[-1] is not None]
