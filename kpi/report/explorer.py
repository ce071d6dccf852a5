"""The metric explorer: one offline page on which any exported figure is found, split, charted and taken away.

The page holds the cells of ``metrics.metric_values`` and adds nothing up: a cell that was not exported is not there.
Cells are stored by column, per metric, grain and split; columns without a value are left out. The demo's 104,000
cells take 0.9 of a page of 1.5 MB, packed; it grows with metrics times periods times groups, by about 9 bytes a cell.
Where the cells would pass ``LIMIT``, splits of weeks go first, then days, and the page says so.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpi.ingest.manifest import sync
from kpi.labels import load_labels
from kpi.report.page import as_json, render
from kpi.report.sections.definitions import parts
from kpi.report.texts import Text
from kpi.report.words import STAGES, STATUS

if TYPE_CHECKING:
    import duckdb

LIMIT = 12_000_000  # bytes of figures before they are packed to about a quarter: 3 MB open quickly on a phone
GRAINS = {
    "day": Text("日", "Day"),
    "week": Text("周", "Week"),
    "month": Text("月", "Month"),
    "quarter": Text("季", "Quarter"),
    "year": Text("年", "Year"),
}
# column of the page: column of metric_values
COLUMNS = {
    "y": "value",
    "n": "numerator",
    "d": "denominator",
    "s": "sample_size",
    "l": "ci_low",
    "h": "ci_high",
    "bl": "band_low",
    "bh": "band_high",
    "tg": "target",
}
STATUSES = tuple(STATUS)
DEFINED = ("metric_id", "label", "label_en", "stage", "unit", "direction", "additivity", "version")
DEFINED += ("source_documents", "synonyms")
# what may be added up over the groups of a split, and so stacked
ADDS = ("add", "add over member-days", "semi")


def build(connection: duckdb.DuckDBPyConnection, lang: str = "zh") -> str:
    """The page as one string.

    Args:
        connection: with schema ``metrics``.
        lang: ``zh`` or ``en``, what the page opens in.
    """
    data = gather(connection)
    return render(
        "explorer.html.j2",
        styles=("assets/explorer.css",),
        scripts=("assets/explorer.js",),
        lang=lang,
        title=Text("指标浏览器", "Metric explorer"),
        as_of=data["asOf"],
        data=data,
    )


def write_explorer(connection: duckdb.DuckDBPyConnection, out: Path, lang: str = "zh") -> Path:
    """Write ``explorer.html`` into a folder, at once: an old page stays until the new one is whole."""
    out.mkdir(parents=True, exist_ok=True)
    page, draft = out / "explorer.html", out / ".explorer.html.draft"
    draft.write_text(build(connection, lang), encoding="utf-8")
    sync(draft)
    draft.replace(page)
    return page


def gather(connection: duckdb.DuckDBPyConnection, limit: int = LIMIT) -> dict[str, Any]:
    """What the page shows, as JSON: definitions, names, periods and cells.

    Args:
        connection: with schema ``metrics``.
        limit: bytes of figures; what does not fit is left out and named in ``leftOut``.
    """
    words, labels = _definitions(connection), load_labels()
    cubes, periods, reasons = _cubes(connection)
    left_out = []
    for grain, splits_only in (("week", True), ("day", False), ("month", True)):
        if len(as_json(cubes)) <= limit:
            break
        gone = [key for key in cubes if key.split("|")[1] == grain and not (splits_only and key.endswith("|all"))]
        for key in gone:
            del cubes[key]
        left_out += [[grain, splits_only]] if gone else []
    names = connection.execute("select dimension, label, label_en, is_ordered from metrics.dimension_definitions")
    dimensions = {
        name: {"zh": zh, "en": en, "ordered": bool(ordered), "values": _values(labels, name)}
        for name, zh, en, ordered in names.fetchall()
    }
    for name in {key.split("|")[2] for key in cubes} - {"all"}:
        dimensions.setdefault(name, {"zh": name, "en": name, "ordered": False, "values": _values(labels, name)})
    as_of = connection.execute("select max(as_of) from metrics.metric_values").fetchone()[0]
    return {
        "asOf": str(as_of or ""),
        "metrics": words,
        "stages": {stage: {"zh": text.zh, "en": text.en} for stage, text in STAGES.items()},
        "statuses": [[status, {"zh": text.zh, "en": text.en}] for status, text in STATUS.items()],
        "grains": {grain: {"zh": text.zh, "en": text.en} for grain, text in GRAINS.items()},
        "dimensions": dimensions,
        "periods": periods,
        "reasons": reasons,
        "cubes": cubes,
        "leftOut": left_out,
    }


def _definitions(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    answer = connection.execute("select * from metrics.metric_definitions order by metric_id")
    names = [column[0] for column in answer.description]
    order = {stage: place for place, stage in enumerate(STAGES)}
    rows = []
    for said in (dict(zip(names, row, strict=True)) for row in answer.fetchall()):
        told = [[part["name"].zh, part["name"].en, part["text"].zh, part["text"].en] for part in parts(said)]
        rows.append({name: said[name] for name in DEFINED} | {"parts": told, "adds": said["additivity"] in ADDS})
    return sorted(rows, key=lambda row: order.get(row["stage"], len(order)))


def _values(labels: Any, dimension: str) -> dict[str, tuple[str, str]]:
    return dict(labels.dimensions[dimension].values) if dimension in labels.dimensions else {}


def _cubes(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, Any], dict[str, list[str]], list[str]]:
    """Cells by ``metric|grain|split``, the periods of each grain, and the reasons of unknown figures."""
    rows = connection.execute(
        "select metric_id, grain, dimension, dimension_value, period_start, is_partial, is_provisional, status, "
        f"null_reason, {', '.join(COLUMNS.values())} from metrics.metric_values order by all"
    )
    starts: dict[str, set[dt.date]] = defaultdict(set)
    cells: dict[str, list[tuple]] = defaultdict(list)
    reasons: dict[str, int] = {}
    while part := rows.fetchmany(20_000):
        for metric, grain, dimension, *cell in part:
            starts[grain].add(cell[1])
            cells[f"{metric}|{grain}|{dimension}"].append(tuple(cell))
            if cell[5]:
                reasons.setdefault(cell[5], len(reasons))
    periods = {grain: sorted(days) for grain, days in starts.items()}
    places = {grain: {day: place for place, day in enumerate(days)} for grain, days in periods.items()}
    cubes = {key: _columns(found, places[key.split("|")[1]], reasons) for key, found in cells.items()}
    return cubes, {grain: [str(day) for day in days] for grain, days in periods.items()}, list(reasons)


def _columns(rows: list[tuple], places: dict[dt.date, int], reasons: dict[str, int]) -> dict[str, Any]:
    """The cells of one metric, grain and split by column; ``c`` rows of each value, ``t`` their periods."""
    values: list[str | None] = []
    counts: list[int] = []
    for row in rows:
        if not values or values[-1] != row[0]:
            values.append(row[0])
            counts.append(0)
        counts[-1] += 1
    cube: dict[str, Any] = {"v": values, "c": counts, "t": [places[row[1]] for row in rows]}
    codes = {
        "f": [(1 if row[2] else 0) + (2 if row[3] else 0) for row in rows],
        "st": [STATUSES.index(row[4]) + 1 if row[4] in STATUSES else 0 for row in rows],
        "r": [reasons[row[5]] + 1 if row[5] else 0 for row in rows],
    }
    cube |= {name: column for name, column in codes.items() if any(column)}
    for place, name in enumerate(COLUMNS, 6):
        column = [_short(row[place], 12 if name in "ynd" else 5) for row in rows]
        if any(value is not None for value in column):
            cube[name] = column
    if cube.get("s") == cube.get("d"):
        cube.pop("s", None)  # observations are the denominator
        cube["sd"] = 1
    return cube


def _short(value: float | int | None, digits: int) -> float | int | None:
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
