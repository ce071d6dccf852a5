"""What is checked, as tables of one DuckDB file: the landed exports, what suites derive of them, and the metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from kpi.boundaries.suites import CheckError, Suite
from kpi.ingest.landing import Landing
from kpi.ingest.manifest import MANIFEST, LandingError

# How the platforms write money, hours and days. Times that cannot be read are null: dbt names them row by row.
HELPERS = """
create macro money(x) as try_cast(regexp_replace(x, '[`¥￥,\\s]', '', 'g') as double);
create macro epoch_seconds(x) as nullif(try_cast(x as bigint), 0);
create macro hour_of_epoch(x) as cast((epoch_seconds(x) // 3600 + 8) % 24 as integer);
create macro hour_of_epoch_ms(x) as cast((epoch_seconds(x) // 3600000 + 8) % 24 as integer);
create macro day_of_epoch(x) as date '1970-01-01' + cast((epoch_seconds(x) + 28800) // 86400 as integer);
create macro day_of_epoch_ms(x) as date '1970-01-01' + cast((epoch_seconds(x) // 1000 + 28800) // 86400 as integer);
create macro hour_of_text(x) as try_cast(regexp_extract(x, '(\\d{1,2}):\\d{2}', 1) as integer);
create macro day_of_text(x) as try_cast(replace(regexp_extract(x, '\\d{4}[-/]\\d{1,2}[-/]\\d{1,2}'), '/', '-') as date);
"""
# What several suites derive: the usual amount of each file beside that of all, and the pace of late beside before.
SHARED = """
create macro medians_of_files(relation, amount) as table
select file, count(*) as rows, median(amount) as typical, median(median(amount)) over () as usual
from query_table(relation)
where amount > 0
group by file;
create macro recent_pace(days) as table
select
    coalesce(sum(rows) filter (day > newest - 14), 0) / 14.0 as recent,
    sum(rows) filter (day <= newest - 14) / 56.0 as earlier
from query_table(days), (select max(day) as newest from query_table(days))
where day > newest - 70
having min(day) <= any_value(newest) - 63;
"""
LANDED_COLUMNS = ("_source_file", "_source_row", "_exported_at")


def find_exports(directory: Path) -> dict[str, str]:
    """The landed exports of a directory, as the SQL that reads them.

    What ``kpi ingest`` landed is read as its manifest says, the rest by its name.

    Raises:
        CheckError: when there is no directory, or no export in it.
    """
    if not directory.is_dir():
        raise CheckError(f"{directory}: no such directory. Name the one that holds your landed exports.")
    try:
        landing = Landing.open(directory)
    except LandingError as error:
        raise CheckError(str(error)) from error
    found = {name: landing.reader(name) for name in landing.manifest.exports()}
    is_ingested = (directory / MANIFEST).exists()
    for path in sorted(directory.iterdir()):
        if "__" not in path.stem or path.stem in found or (is_ingested and path.is_dir()):
            continue
        literal = "'" + str(path).replace("'", "''") + "'"
        if path.is_dir():
            found[path.stem] = f"read_parquet({literal[:-1]}/**/*.parquet')"
        elif path.suffix == ".parquet":
            found[path.stem] = f"read_parquet({literal})"
        elif path.suffix == ".csv":
            found[path.stem] = (
                f"read_csv({literal}, all_varchar = true, header = true, auto_detect = false, delim = ',', "
                f"quote = '\"', escape = '\"', columns = {_text_columns(path)})"
            )
    if not found:
        raise CheckError(f"{directory}: no exports in it, that is no <system>__<export>.csv or .parquet.")
    return found


def _text_columns(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline().strip()
    if not header:
        raise CheckError(f"{path}: the file is empty. Land the export again.")
    names = [name.strip('"').replace("'", "''") for name in header.split(",")]
    return "{" + ", ".join(f"'{name}': 'varchar'" for name in names) + "}"


def load_exports(connection: duckdb.DuckDBPyConnection, exports: dict[str, str]) -> None:
    """Each export as a table of text, and two tables about them: ``landed_files`` and ``landed_exports``.

    Blank cells become null, as they are where CSV is read: Parquet tells one from the other.

    Raises:
        CheckError: when a file cannot be read, or lacks the three columns that landing adds.
    """
    connection.execute(HELPERS + SHARED)
    files = []
    for name, reader in exports.items():
        try:
            text = "nullif(cast(columns(*) as varchar), '')"
            connection.execute(f'create table "{name}" as select {text} from {reader}')
        except duckdb.Error as error:
            raise CheckError(f"{name}: the file cannot be read. {_first_line(error)}") from error
        columns = [row[0] for row in connection.execute(f'describe "{name}"').fetchall()]
        missing = [column for column in LANDED_COLUMNS if column not in columns]
        if missing:
            raise CheckError(f"{name}: no column {', '.join(missing)}. Landing adds it, see README, Your own exports.")
        own = ", ".join(f'"{column}"' for column in columns if column not in LANDED_COLUMNS)
        files.append(
            f"select '{name}' as export, _source_file as file, try_cast(_exported_at as timestamp) as exported_at, "
            f"count(*) as rows, bit_xor(hash({own})) as content, sum(hash({own}) % 1000003) as content_sum "
            f'from "{name}" group by all'
        )
    connection.execute(f"create table read_files as {' union all '.join(files)}")
    connection.execute(LANDED_FILES)
    connection.execute(LANDED_EXPORTS)


# A file is a copy when one that was exported before it, under another name, holds exactly the same rows.
LANDED_FILES = """
create table landed_files as
select
    export, file, exported_at, rows,
    first_value(file) over (
        partition by export, rows, content, content_sum order by exported_at, file
    ) as first_file_of_content
from read_files
"""
# How long an export usually waits for its next file; exports are a day behind each other by their nature.
LANDED_EXPORTS = """
create table landed_exports as
with days as (
    select export, cast(exported_at as date) as day, sum(rows) as rows from read_files group by all
),
waits as (
    select export, day, rows, day - lag(day) over (partition by export order by day) as wait from days
)
select
    export,
    sum(rows) as rows,
    max(day) as last_day,
    max(max(day)) over () - max(day) as days_behind,
    max(wait) as longest_wait
from waits
group by export
"""


def derive(connection: duckdb.DuckDBPyConnection, suite: Suite) -> dict[str, str]:
    """Create the relations of a suite in a schema of its name; returned are those that cannot be made, and why."""
    connection.execute(f'create schema "{suite.name}"')
    enter(connection, suite)
    broken = {}
    for name, query in suite.relations.items():
        try:
            connection.execute(f'create table "{suite.name}"."{name}" as {query}')
            connection.execute(f'create view main."{plain_name(suite, name)}" as from "{suite.name}"."{name}"')
        except duckdb.Error as error:
            broken[name] = _first_line(error)
    return broken


def plain_name(suite: Suite, relation: str) -> str:
    """The name under which a relation is found without its schema, which Great Expectations wants to do without."""
    return f"{suite.name}___{relation}" if relation in suite.relations else relation


def enter(connection: duckdb.DuckDBPyConnection, suite: Suite) -> None:
    """Let plain names mean the relations of a suite first."""
    own = f"{suite.name}," if suite.relations else ""
    connection.execute(f"set search_path = '{own}main'")


def is_empty(connection: duckdb.DuckDBPyConnection, relation: str, column: str | None) -> bool:
    """Whether a relation has no row, or no value in a column."""
    counted = "*" if column is None else '"' + column.replace('"', '""') + '"'
    return connection.execute(f'select count({counted}) = 0 from "{relation}"').fetchall()[0][0]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


# --- metrics -------------------------------------------------------------------------------------

# A value that lies further from the months before it than this many of their spreads is a jump.
HISTORY = """
create table jumps as
with known as (
    select metric, month, value from metric_values
    where community is null and community_type is null and part is null and is_complete and value is not null
),
compared as (
    select
        metric, month, value,
        count(*) over earlier as earlier_months,
        avg(value) over earlier as usual,
        stddev_samp(value) over earlier as deviation,
        max(month) over () as last_month
    from known
    window earlier as (partition by metric order by month rows between unbounded preceding and 1 preceding)
)
select
    metric, month, value, usual,
    -- few months may happen to be alike; a tenth of the usual value is no jump
    abs(value - usual) / nullif(greatest(deviation, 0.1 * abs(usual)), 0) as spreads
from compared
where month = last_month and earlier_months >= 3
"""


def load_metrics(
    connection: duckdb.DuckDBPyConnection,
    values: Iterable[Sequence[Any]],
    names: Iterable[str],
    types: Iterable[str],
) -> None:
    """The published metrics as tables: one row a month and place, one column a metric.

    Args:
        connection: the file to write to.
        values: (metric, month, community, community type, part, whether the month is complete, value).
        names: the metrics that get a column; one without a value is not known.
        types: community types with bands of their own; each gets a table.
    """
    import pyarrow as pa

    columns = ("metric", "month", "community", "community_type", "part", "is_complete", "value")
    kinds = (pa.string(), pa.date32(), pa.string(), pa.string(), pa.string(), pa.bool_(), pa.float64())
    cells = list(zip(*values, strict=True)) or [()] * len(columns)
    arrays = [pa.array(cell, type=kind) for cell, kind in zip(cells, kinds, strict=True)]
    connection.register("asked", pa.table(arrays, names=columns))
    connection.execute("create table metric_values as select * from asked")
    wide = ", ".join(f"max(value) filter (metric = '{name}') as \"{name}\"" for name in names)
    select = f"select month, community, community_type, part, {wide} from metric_values"
    places = {
        "everywhere": "true",
        "total": "is_complete and community is null and community_type is null and part is null",
        "community": "is_complete and community is not null",
        **{f"community_type_{name}": f"is_complete and community_type = '{name}'" for name in types},
    }
    for place, condition in places.items():
        connection.execute(f'create table "{place}" as {select} where {condition} group by all order by all')
    connection.execute(HISTORY)
