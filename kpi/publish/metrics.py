"""The exported tables, without what is withheld.

Values are those of ``kpi export``; nothing is asked again but who stands behind them. A figure with 1 to k-1 persons
behind any of its inputs is withheld, and so is what would give it away in any table of the file (``cells``). Column
``withheld`` names what is withheld in a row and why; other empty cells are unknown.

Of the long table a withheld row keeps its labels only. In other rows the same figure is taken out as well:
``previous_value`` and ``previous_year_value`` stay only where the row that they come from shows that very value, a band
only where none of the figures that it may be made of is withheld. How far a target is reached tells the figure of its
metric, so it goes where that goes. Columns that are not known here are left out, and so are the days of a metric of
which more than a quarter are of few: weeks and months are worth more than the rest.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from kpi.privacy.disclosure import FEW
from kpi.publish import draft as shared
from kpi.publish.cells import Cell, Links, Split, independent, last_day, pairs_of, place, withheld
from kpi.publish.choice import KEYS, PERSONS
from kpi.publish.draft import Published, PublishError
from kpi.publish.people import Input, People, counts_persons, inputs
from kpi.publish.star import Table, create, described
from kpi.sql import literal, quoted

if TYPE_CHECKING:
    from kpi.publish.asked import AskedBefore
    from kpi.semantic import SemanticLayer

SCHEMA, LONG, ALL, LOG = "metrics", "metric_values", "all", "export_log"
PLAIN = {
    "metric_definitions": ("metric_id",),
    "dimension_definitions": ("dimension",),
    LOG: ("table_name",),
}  # tables without figures, with their keys
LABELS = (
    *("metric_id", "label", "label_en", "stage", "unit", "direction", "grain", "period_start", "period_end"),
    *("dimension", "dimension_value", "is_partial", "is_provisional", "target", "null_reason", "version", "as_of"),
)
FIGURES = (
    *("value", "numerator", "denominator", "sample_size", "ci_low", "ci_high", "previous_value", "previous_year_value"),
    *("band_low", "band_high", "band_n", "attainment", "status"),
)
PEERS = "community__community_name"  # of these the band is made of others of their kind, else of the own history
INTERNAL = "For internal use:"  # what the comment says of the warehouse's own table, from there on
AGAIN = "Run `kpi export`, then publish again."
FEW_DAYS = 0.25  # of a metric's days; above it they are left out, since each few one takes others with it
ATTAINMENT = "target_attainment_rate"  # times the target it is a figure of another metric
_TIME = "metric_time__"


@dataclass
class Exported:
    """What ``kpi export`` wrote.

    Attributes:
        rows: table by name.
        about: its comments by name.
        as_of: the last day that counts.
    """

    rows: dict[str, pa.Table] = field(default_factory=dict)
    about: dict[str, Table] = field(default_factory=dict)
    as_of: datetime.date | None = None


def read_exported(
    db: duckdb.DuckDBPyConnection, fingerprint: str | None, nodes: Mapping[str, Any], build: str | None = None
) -> Exported:
    """Read schema ``metrics`` of the attached database ``built``.

    Args:
        db: a connection.
        fingerprint: of the definitions as they are now; None does not compare.
        nodes: ``nodes`` of dbt's manifest.
        build: which build the warehouse is of (``kpi.warehouse.last_build``); None does not compare.

    Raises:
        PublishError: when nothing was exported, or what was is older than the warehouse or the definitions.
    """
    about = {table.name: table for table in described(db, "built", (SCHEMA,), nodes)}
    if LONG not in about or LOG not in about:
        raise PublishError(f"The warehouse holds no exported metrics 未导出指标. {AGAIN}")
    found = Exported(about=about)
    for name in about:
        found.rows[name] = db.sql(f"from built.{SCHEMA}.{quoted(name)}").to_arrow_table()
    log = found.rows[LOG].to_pylist()
    found.as_of = max((row["as_of"] for row in log if row["as_of"]), default=None)
    built = db.execute("select max(date_day) from built.marts.dim_dates").fetchone() if _has_dates(db) else None
    if built and built[0] != found.as_of:
        raise PublishError(
            f"The exported metrics are of {found.as_of}, the warehouse is of {built[0]} 指标早于数据. {AGAIN}"
        )
    if build and {row["build"] for row in log} != {build}:
        raise PublishError(f"The warehouse was built again since the metrics were exported 导出后仓库又重建过. {AGAIN}")
    if fingerprint and {row["fingerprint"] for row in log} != {fingerprint}:
        raise PublishError(f"Definitions have changed since the metrics were exported 指标定义已变. {AGAIN}")
    return found


def _has_dates(db: duckdb.DuckDBPyConnection) -> bool:
    asked = "select 1 from duckdb_tables() where database_name = 'built' and table_name = 'dim_dates'"
    return db.execute(asked).fetchone() is not None


@dataclass(frozen=True)
class _Saved:
    """A saved query's table: how it is cut, and where the values of the split stand."""

    split: Split
    keys: tuple[str, ...]
    metrics: tuple[str, ...]


def withhold_metrics(
    exported: Exported, layer: SemanticLayer | AskedBefore, manifest: Mapping[str, Any], done: Published, k: int
) -> dict[str, pa.Table]:
    """The tables as they may be shown.

    Args:
        exported: what was exported.
        layer: the semantic layer, which counts persons.
        manifest: content of ``target/semantic_manifest.json``.
        done: filled with what is withheld and left out.
        k: fewest persons behind a figure.
    """
    metrics = {metric["name"]: metric for metric in manifest["metrics"]}
    shown = {name: rows for name, rows in exported.rows.items() if name in PLAIN}
    long = exported.rows[LONG]
    cuts = _long_cuts(long)
    shared_dimensions = {dimension for split in cuts for dimension in split.dimensions}
    saved: dict[str, _Saved] = {}
    for name, rows in exported.rows.items():
        if name in PLAIN or name == LONG:
            continue
        table = _saved_cut(rows, metrics, shared_dimensions)
        if table is None or name not in {query["name"] for query in manifest["saved_queries"]}:
            done.left_out[f"{SCHEMA}.{name}"] = "unknown"
        elif _names_persons(rows):
            done.left_out[f"{SCHEMA}.{name}"] = PERSONS
        else:
            saved[name] = table
            cuts.setdefault(table.split, set()).update(table.metrics)
    made_of = {name: inputs(name, metrics) for name in set().union(*cuts.values())}
    people = People(layer, dict(manifest), set().union(*made_of.values()))
    counts: dict[Input, dict[Split, dict[tuple, int]]] = defaultdict(dict)
    for split, names in cuts.items():
        wanted = set().union(*(made_of[name] for name in names))
        for of, known in people.behind(split.keys, wanted).items():
            counts[of][split] = {_as_text(split, cell): n for cell, n in known.items()}
    done.without_days = sorted(_without_days(_long_cuts(long), made_of, counts, k))
    long = long.filter(pa.array([
        grain != "day" or metric not in done.without_days
        for grain, metric in zip(long["grain"].to_pylist(), long["metric_id"].to_pylist(), strict=True)
    ], pa.bool_()))  # fmt: skip
    cuts = _long_cuts(long)
    for table in saved.values():
        cuts.setdefault(table.split, set()).update(table.metrics)
    for of, known in counts.items():  # figures that stand nowhere give nothing away
        counts[of] = {split: n for split, n in known.items() if any(of in made_of[m] for m in cuts.get(split, ()))}
    links = _links(exported, saved, cuts, people)
    stocks = {name: ((m["type_params"].get("metric_aggregation_params") or {}).get("non_additive_dimension") or {})
              .get("window_choice") for name, m in metrics.items()}  # fmt: skip
    models = {model["name"]: model for model in manifest["semantic_models"]}
    hidden = {
        of: withheld(known, links, k=k, stock=stocks[of.metric], as_of=exported.as_of,
                     distinct=counts_persons(of, metrics, models))
        for of, known in counts.items()
    }  # fmt: skip

    def why(metric: str, split: Split, values: tuple) -> str | None:
        """Why a figure is withheld; None where it is shown."""
        found = {
            reason
            for of in made_of[metric]
            if (reason := hidden.get(of, {}).get(place(split, values, stocks[of.metric], exported.as_of)))
        }
        return (FEW if FEW in found else found.pop()) if found else None

    why = with_targets(exported.rows[LONG], why)
    for name, table in saved.items():
        shown[name] = _without(exported.rows[name], table, why, done, f"{SCHEMA}.{name}")
    shown[LONG] = _long_without(long, why, done)
    return shown


def write_metrics(
    db: duckdb.DuckDBPyConnection, exported: Exported, shown: Mapping[str, pa.Table], done: Published
) -> None:
    """Write the tables into the attached database ``draft``."""
    for name in sorted(shown, key=lambda name: (name not in PLAIN, name)):
        rows = shown[name]
        db.register("shown", rows)
        types = {c: kind for c, kind, *_ in db.execute("describe shown").fetchall()}
        table = exported.about[name]
        table.comment = (table.comment or "").split(INTERNAL)[0].strip() or None
        # a column that is empty in every row has no type of its own
        table.types = {c: table.types.get(c, "VARCHAR") if kind in ('"NULL"', "NULL") else kind
                       for c, kind in types.items()}  # fmt: skip
        keys = PLAIN.get(name, ())
        table.primary = keys if set(keys) <= set(types) and _distinct(rows, keys) else ()
        table.foreign = {}
        if name == LONG and "metric_definitions" in shown:
            ids = set(shown["metric_definitions"]["metric_id"].to_pylist())
            if set(rows["metric_id"].to_pylist()) <= ids and exported.about["metric_definitions"].primary:
                table.foreign = {"metric_id": ("metric_definitions", "metric_id")}
        if "withheld" in types:
            table.comments["withheld"] = "Which figures of the row are withheld, and why 隐去原因; empty: none."
        shared.reached("metrics")
        create(db, table, f"select {', '.join(map(quoted, table.types))} from shown", done)
        db.unregister("shown")


# --- how the tables are cut ------------------------------------------------------------------------------


def _long_cuts(long: pa.Table) -> dict[Split, set[str]]:
    cuts: dict[Split, set[str]] = defaultdict(set)
    there = long.select(["grain", "dimension", "metric_id"]).group_by(["grain", "dimension", "metric_id"]).aggregate([])
    for row in there.to_pylist():
        cuts[_long_split(row["grain"], row["dimension"])].add(row["metric_id"])
    return cuts


def _long_split(grain: str, dimension: str) -> Split:
    return Split(grain, () if dimension == ALL else (dimension,))


def _without_days(
    cuts: Mapping[Split, set[str]],
    made_of: Mapping[str, set[Input]],
    counts: Mapping[Input, Mapping[Split, Mapping[tuple, int]]],
    k: int,
) -> set[str]:
    """The metrics of whose days with anybody more than ``FEW_DAYS`` are of few."""
    found, split = set(), Split("day")
    for metric in cuts.get(split, ()):
        least: dict[tuple, int] = {}
        for of in made_of[metric]:
            for cell, n in counts[of].get(split, {}).items():
                if n:
                    least[cell] = min(n, least.get(cell, n))
        if sum(n < k for n in least.values()) > FEW_DAYS * len(least):
            found.add(metric)
    return found


def _saved_cut(rows: pa.Table, metrics: Mapping[str, Any], shared_dimensions: set[str]) -> _Saved | None:
    """How a saved query is cut; None where that is not understood."""
    names = tuple(column for column in rows.column_names if column in metrics)
    keys = [column for column in rows.column_names if column not in metrics]
    times = [key for key in keys if key.startswith(_TIME)]
    grains = [key.removeprefix(_TIME) for key in times]
    if len(times) > 1 or any(grain not in ("day", "week", "month", "quarter", "year") for grain in grains):
        return None
    # of two that tell each other the one stays by which other tables are cut
    dimensions = sorted((key for key in keys if key not in times), key=lambda key: (key in shared_dimensions, key))
    values = list(zip(*(rows[key].to_pylist() for key in dimensions), strict=True)) if dimensions else []
    split = Split(grains[0] if grains else None, independent(values, dimensions))
    return _Saved(split, (*times, *split.dimensions), names)


def _as_text(split: Split, cell: tuple) -> tuple:
    """A cell with its dimensions as texts, as the long table has them."""
    start = 1 if split.grain else 0
    return (*cell[:start], *map(text_of, cell[start:]))


def text_of(value: Any) -> str | None:
    """A value of a dimension as DuckDB casts it to text."""
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _names_persons(rows: pa.Table) -> bool:
    found = duckdb.connect()
    found.register("shown", rows)
    texts = [name for name in rows.column_names if pa.types.is_string(rows[name].type)]
    if not texts or not rows.num_rows:
        return False
    asked = " or ".join(f"coalesce(bool_or(regexp_matches({quoted(name)}, $1)), false)" for name in texts)
    return bool((found.execute(f"select {asked} from shown", [KEYS]).fetchone() or (True,))[0])


def _links(exported: Exported, saved: Mapping[str, _Saved], cuts: Mapping[Split, set[str]], people: People) -> Links:
    """Which values of a thing's attributes occur together: in its members, by period, and in the saved queries."""
    links = Links()
    for grain in {split.grain for split in cuts if split.grain and split.dimensions}:
        for pair in pairs_of(name for split in cuts if split.grain == grain for name in split.dimensions):
            split = Split(grain, pair)
            for cell, count in (people.population(split.keys) or {}).items():
                if count:
                    first, one, other = _as_text(split, cell)
                    links.of_period[pair][grain, first].add((one, other))
    for name in saved:
        rows = exported.rows[name]
        for one, other in pairs_of(c for c in rows.column_names if any(c in split.dimensions for split in cuts)):
            if independent(list(zip(rows[one].to_pylist(), rows[other].to_pylist(), strict=True)), [one, other]) != (
                one, other,
            ):  # fmt: skip
                links.always[one, other] |= {
                    (text_of(a), text_of(b))
                    for a, b in zip(rows[one].to_pylist(), rows[other].to_pylist(), strict=True)
                }
    return links


# --- taking out ------------------------------------------------------------------------------------------

Why = Callable[[str, Split, tuple], str | None]


def _without(rows: pa.Table, table: _Saved, why: Why, done: Published, label: str) -> pa.Table:
    """A saved query's table with what is withheld taken out."""
    cells = zip(*(rows[key].to_pylist() for key in table.keys), strict=True) if table.keys else [()] * rows.num_rows
    cells = [_as_text(table.split, tuple(cell)) for cell in cells]
    said: list[list[str]] = [[] for _ in cells]
    columns = {name: rows[name] for name in rows.column_names}
    for name in table.metrics:
        values = rows[name].to_pylist()
        for at, cell in enumerate(cells):
            if values[at] is not None and (reason := why(name, table.split, cell)):
                values[at] = None
                said[at].append(f"{name}: {reason}")
        columns[name] = pa.array(values, rows[name].type)
    columns["withheld"] = pa.array(["; ".join(words) or None for words in said], pa.string())
    done.withheld[label] = sum(map(len, said))
    return pa.table(columns)


def _long_without(long: pa.Table, why: Why, done: Published) -> pa.Table:
    """The long table with what is withheld taken out, of other rows as well."""
    label = f"{SCHEMA}.{LONG}"
    known = {*LABELS, *FIGURES}
    if unknown := [name for name in long.column_names if name not in known]:
        done.without[label] = unknown
    names = ("metric_id", "grain", "period_start", "dimension", "dimension_value")
    reasons = []
    for metric, grain, first, dimension, value in zip(*(long[name].to_pylist() for name in names), strict=True):
        split = _long_split(grain, dimension)
        reasons.append(why(metric, split, (first, value) if split.dimensions else (first,)))
    there = [name for name in long.column_names if name in known]
    figures = [name for name in there if name in FIGURES]
    with duckdb.connect() as db:
        db.register("long", long.select(there).append_column("withheld", pa.array(reasons, pa.string())))
        found = db.sql(_TAKEN_OUT.format(
            figures=", ".join(f"case when withheld is null then {name} end as {name}" for name in figures),
            any_figure=" or ".join(f"{name} is not null" for name in figures if name not in ("band_n", "status")),
            peers=literal(PEERS),
            previous=_same("previous_value", "previous") if "previous_value" in there else "",
            last_year=_same("previous_year_value", "last_year") if "previous_year_value" in there else "",
            bands="".join(f", case when coalesce(bands.is_shown, true) then taken.{name} end as {name}"
                          for name in ("band_low", "band_high", "band_n") if name in there),
            columns=", ".join(there),
        )).to_arrow_table()  # fmt: skip
    done.withheld[label] = found.num_rows - found["withheld"].null_count
    return found


@dataclass(frozen=True)
class _Target:
    """A target of the whole or of one community, whose metric's figure is withheld."""

    metric: str
    grain: str
    first: datetime.date
    community: str | None

    def is_in(self, split: Split, values: tuple) -> bool:
        """Whether a figure of targets takes this one in; each is counted in the month in which it begins."""
        own = {"target__target_metric": self.metric, "target__period_kind": self.grain, PEERS: self.community}
        if split.grain:
            first, values = values[0], values[1:]
            if not first <= self.first.replace(day=1) <= last_day(split.grain, first):
                return False
        return all(own.get(name, value) == value for name, value in zip(split.dimensions, values, strict=True))


def with_targets(long: pa.Table, why: Why) -> Why:
    """Why a figure is withheld, also for how far a target is reached whose metric's figure is withheld."""
    names = ("metric_id", "grain", "period_start", "dimension", "dimension_value", "target")
    if not {*names} <= {*long.column_names}:
        return why
    withheld_targets: dict[_Target, str] = {}
    for metric, grain, first, dimension, value, target in zip(*(long[n].to_pylist() for n in names), strict=True):
        split = _long_split(grain, dimension)
        if target is not None and (reason := why(metric, split, (first, value) if split.dimensions else (first,))):
            withheld_targets[_Target(metric, grain, first, value if split.dimensions else None)] = reason

    def also_why(metric: str, split: Split, values: tuple) -> str | None:
        found = why(metric, split, values)
        if found is None and metric == ATTAINMENT:
            found = next((reason for one, reason in withheld_targets.items() if one.is_in(split, values)), None)
        return found

    return also_why


def _same(column: str, side: str) -> str:
    """A figure of another row, where that row shows it."""
    return f", case when {side}.withheld is null and {side}.value = taken.{column} then taken.{column} end as {column}"


# `taken` blanks the figures of withheld rows. Values that come from other rows are then looked up there; a band may be
# made of every earlier figure of its peers. Rows are matched by the metric, grain and dimension, with nulls as values.
_TAKEN_OUT = """
with numbered as (select *, row_number() over () as number from long),

taken as (
    select * replace ({figures}, case when {any_figure} then withheld end as withheld),
        withheld as reason,
        case grain
            when 'day' then period_start - 1 when 'week' then period_start - 7
            when 'month' then cast(period_start - interval 1 month as date)
            when 'quarter' then cast(period_start - interval 3 month as date)
            else cast(period_start - interval 1 year as date)
        end as start_before,
        case
            when grain = 'week' then period_start - 364
            else cast(period_start - interval 1 year as date)
        end as start_last_year,
        case when dimension = {peers} then '' else coalesce(dimension_value, '-') end as peer
    from numbered
),

first_withheld as (
    select metric_id, grain, dimension, peer, min(period_start) as first_day
    from taken
    where reason is not null
    group by all
),

bands as (
    select taken.number, first_day is null or first_day >= period_start as is_shown
    from taken
    left join first_withheld using (metric_id, grain, dimension, peer)
)

select {columns}, withheld
from (
    select taken.* exclude (reason, start_before, start_last_year, peer)
        replace (taken.withheld as withheld {previous} {last_year} {bands})
    from taken
    left join bands on taken.number = bands.number
    left join taken as previous
        on taken.metric_id = previous.metric_id and taken.grain = previous.grain
        and taken.dimension = previous.dimension
        and taken.dimension_value is not distinct from previous.dimension_value
        and taken.start_before = previous.period_start
    left join taken as last_year
        on taken.metric_id = last_year.metric_id and taken.grain = last_year.grain
        and taken.dimension = last_year.dimension
        and taken.dimension_value is not distinct from last_year.dimension_value
        and taken.start_last_year = last_year.period_start
)
order by number
"""


def _distinct(rows: pa.Table, keys: tuple[str, ...]) -> bool:
    values = list(zip(*(rows[key].to_pylist() for key in keys), strict=True))
    return len(set(values)) == len(values) and all(None not in value for value in values)


__all__ = ["Cell", "Exported", "read_exported", "text_of", "withhold_metrics", "write_metrics"]
