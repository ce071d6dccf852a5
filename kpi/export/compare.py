"""What stands beside a figure: coverage, previous periods, band of peers, interval, target, status.

All of it compares exported figures with one another; no figure is made here. Rules, each named in ``compare.sql``
or ``kpi.coverage``:

* A *period* runs from its first day to its last that counts: not after the as-of day. Weeks start on Monday.
* ``is_partial``: the period ends after the as-of day, or the exports that the metric needs begin or end within it.
* ``is_provisional``: fewer than the metric's ``settles_after_days`` days have passed since its end.
* ``previous_value``: one period before; ``previous_year_value``: the same day, month, quarter or year of the last year,
  of weeks the one 364 days before. 29 February has none.
* ``band_low``, ``band_high``: the middle 80 % of the peers' figures of the previous ``BAND_PERIODS`` periods, partial
  ones left out, from ``BAND_MINIMUM`` figures on. Peers of a community: communities of its type whose age in that
  period is in the same bracket (``AGE_BRACKETS``); of everything else: itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb

from kpi.coverage import COVERED, IS_PARTIAL, SPAN
from kpi.coverage import periods as periods_of
from kpi.export.asks import ALL, GRAINS, OWN, Ask
from kpi.export.catalogue import Catalogue
from kpi.export.cells import Answered, answered_here
from kpi.export.statistics import wilson
from kpi.export.write import draft_rows
from kpi.sql import places

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer

BAND_PERIODS = 12
BAND_MINIMUM = 8
BAND_SHARE = 0.8
AGE_BRACKETS = (30, 90, 180, 365)  # days since the community was made at which a new bracket begins
COMMUNITY = "community__community_name"
STEPS = "-- step "
# what is read of the warehouse here: tables and columns by schema
READ = {
    ("marts", "dim_dates"): ("date_day",),
    ("marts", "dim_communities"): ("community_id", "community_name", "community_type", "created_date"),
    ("marts", "fct_targets"): (
        *("target_id", "target_metric", "period_kind", "period_start_date", "community_id", "staff_key"),
    ),
    ("reference", "metric_exports"): ("metric", "export_name", "effect"),
    ("intermediate", "int_exports_covered"): ("export_name", "first_day", "last_day"),
    ("quality", "absent_exports"): ("metric", "export_name", "effect"),
}


def compare(
    db: duckdb.DuckDBPyConnection,
    layer: SemanticLayer,
    catalogue: Catalogue,
    asks: Sequence[Ask],
    name: str,
    answered: Answered = answered_here,
) -> dt.date:
    """Make ``metric_values`` of ``cells``.

    Args:
        db: connection with ``cells``, and with the warehouse or a copy of ``READ``.
        layer: compiles the question for the targets.
        catalogue: the metrics.
        asks: the questions that made ``cells``.
        name: of the database that holds the warehouse or the copy.
        answered: runs the question for the targets.

    Returns:
        The as-of day.
    """
    first, as_of = db.execute(SPAN.format(**places(name))).fetchone() or ()
    _add_periods(db, first, as_of)
    _add_metrics(db, catalogue, asks)
    _add_intervals(db)
    answered(db, "asked_targets", layer.sql_of(TARGETS, ["target"]))
    settings: dict[str, Any] = {
        **places(name),
        "as_of": f"date '{as_of}'",
        "covered": COVERED.format(**places(name), which="true"),
        "is_partial": IS_PARTIAL.format(period="lay_out", as_of=f"date '{as_of}'"),
        "community": COMMUNITY,
        "band_periods": BAND_PERIODS,
        "band_minimum": BAND_MINIMUM,
        "low": round((1 - BAND_SHARE) / 2, 6),
        "high": round((1 + BAND_SHARE) / 2, 6),
        "age_bracket": " + ".join(f"cast(age_days >= {days} as integer)" for days in AGE_BRACKETS),
    }
    script = files("kpi.export").joinpath("compare.sql").read_text(encoding="utf-8")
    for step in script.split(STEPS)[1:]:
        _, _, statement = step.partition("\n")
        db.execute(statement.format(**settings))
    return as_of


TARGETS = ("target_value", "target_attainment_rate")


def _add_periods(db: duckdb.DuckDBPyConnection, first: dt.date, as_of: dt.date) -> None:
    periods = " union all ".join(periods_of(grain, f"date '{as_of}'") for grain in GRAINS)
    db.execute(
        "create or replace temp table periods as with days as (select cast(unnest(generate_series("
        f"timestamp '{first}', timestamp '{as_of}', interval 1 day)) as date) as day), periods as ({periods}) "
        "select *, row_number() over (partition by grain order by period_start) as period_no from periods"
    )


def _add_metrics(db: duckdb.DuckDBPyConnection, catalogue: Catalogue, asks: Sequence[Ask]) -> None:
    types = {
        **{"metric_id": "varchar", "label": "varchar", "label_en": "varchar", "stage": "varchar", "unit": "varchar"},
        **{"direction": "varchar", "version": "bigint", "settle_days": "integer", "is_proportion": "boolean"},
        **{"is_cohort": "boolean", "own_dimension": "varchar"},
    }
    rows = [
        (
            *(m.id, m.label, m.label_en, m.meta["stage"], m.unit, m.meta["direction"], m.meta["version"]),
            *(m.settles_after_days, m.is_proportion, "cohort" in m.meta.get("clock", ""), OWN.get(m.id, (None,))[0]),
        )
        for m in catalogue.metrics.values()
    ]
    draft_rows(db, "metrics", types, rows)
    whole = sorted({(name, ask.grain) for ask in asks if ask.dimension == ALL for name in ask.metrics})
    draft_rows(db, "asked_wholes", {"metric_id": "varchar", "grain": "varchar"}, whole)


def _add_intervals(db: duckdb.DuckDBPyConnection) -> None:
    """Wilson's interval of each pair of numerator and denominator of a proportion.

    More answers than were sent, a slip in somebody's sheet, is no proportion: a figure without an interval, of which a
    data test tells, and no reason to export nothing.
    """
    pairs = db.execute(
        "select distinct numerator, denominator from cells inner join metrics using (metric_id) "
        "where is_proportion and denominator > 0 and numerator between 0 and denominator"
    ).fetchall()
    db.execute(
        "create or replace temp table intervals (numerator double, denominator double, ci_low double, ci_high double)"
    )
    rows = [(n, d, *found) for n, d in pairs if (found := wilson(n, d)) is not None]
    if rows:
        db.executemany("insert into intervals values (?, ?, ?, ?)", rows)
