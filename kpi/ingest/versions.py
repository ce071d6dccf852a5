"""What a later export of the same things changes: rows, and money by month.

All versions stay landed and staging counts the latest of each key. So old months change when refunds arrive; here is
said by how much, comparing what was live before a run with what is live after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from kpi.contracts import Contract
from kpi.ingest.landing import Change, Landing, parquet_reader
from kpi.ingest.manifest import Part
from kpi.ingest.parts import LINEAGE

MEMORY = "1GB"
# Cells as exports write them: `¥1,234.50, 1.2万; times as text, as seconds, as milliseconds.
MACROS = """
create macro bare(x) as regexp_replace(x, '[`¥￥,，\\s]', '', 'g');
create macro money(x, unit) as
    coalesce(try_cast(rtrim(bare(x), '万') as decimal(18, 4)), 0)
    * case when bare(x) like '%万' then 10000 else 1 end / case unit when 'fen' then 100 else 1 end;
create macro month_of(x) as case
    when regexp_full_match(x, '\\d{10}(\\d{3})?')
        then strftime(to_timestamp(cast(left(x, 10) as bigint) + 28800) at time zone 'UTC', '%Y-%m')
    when regexp_full_match(bare(x), '\\d{8}') then left(bare(x), 4) || '-' || bare(x)[5:6]
    when regexp_matches(x, '\\d{4}[-/.年]\\d{1,2}')
        then regexp_extract(x, '(\\d{4})[-/.年]', 1) || '-'
            || lpad(regexp_extract(x, '\\d{4}[-/.年](\\d{1,2})', 1), 2, '0')
    end;
"""


@dataclass(frozen=True)
class MoneyChange:
    """What the money of a month changes by.

    Attributes:
        month: ``YYYY-MM`` of the contract's day_column; None when it tells none.
        column: the column of money.
        yuan: sum after minus sum before, of the rows that changed.
        rows: rows in which the column changed.
    """

    month: str | None
    column: str
    yuan: float
    rows: int


@dataclass
class ExportChange:
    """What a run does to one export with a key.

    Attributes:
        export: the export.
        new: keys that were not landed before.
        unchanged: keys landed before, with the same cells in the latest version.
        changed: keys with other cells in the latest version.
        older: keys of which a later version was landed already; these rows change nothing.
        money: what changed, by month and column, in this order.
    """

    export: str
    new: int = 0
    unchanged: int = 0
    changed: int = 0
    older: int = 0
    money: list[MoneyChange] = field(default_factory=list)


def compare_versions(contract: Contract, landing: Landing, change: Change) -> ExportChange | None:
    """Compare what a change lands of an export with what is live of the same keys.

    Only live parts whose days overlap those of the new rows are read, in bounded memory.

    Args:
        contract: the export; one without a key has nothing to supersede.
        landing: what is live.
        change: what is to become live; its parts lie in ``change.work``.

    Returns:
        None when nothing of the export was landed before, or nothing is landed now, or it has no key.
    """
    new = change.added_parts(contract.export)
    live = landing.parts(contract.export)
    if not contract.key or not new or not live:
        return None
    old = [part for part in live if any(_overlap(part, other) for other in new)]
    if not old:
        return ExportChange(contract.export, new=sum(part.rows for part in new))
    folder = change.work / "compare"
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder)}) as connection:
        connection.execute(MACROS)
        connection.execute("set preserve_insertion_order = false")
        relations = {
            "new_rows": parquet_reader(change.work / part.path for part in new),
            "old_rows": parquet_reader(landing.path(part) for part in old),
        }
        for name, reader in relations.items():
            connection.execute(f"create view {name} as select {_cells(connection, contract, reader)} from {reader}")
        return _summed(contract, connection.execute(_query(contract)).fetchall())


def _overlap(one: Part, other: Part) -> bool:
    if None in (one.min_day, one.max_day, other.min_day, other.max_day):
        return True
    return one.min_day <= other.max_day and other.min_day <= one.max_day  # type: ignore[operator]


def _cells(connection: duckdb.DuckDBPyConnection, contract: Contract, reader: str) -> str:
    """The columns of an export; one that older parts were landed without is blank there."""
    found = {name for (name,) in connection.execute(f"select column_name from (describe from {reader})").fetchall()}
    return ", ".join(
        f"coalesce({_quote(name)}, '') as {_quote(name)}" if name in found else f"'' as {_quote(name)}"
        for name in (*contract.column_names, *LINEAGE)
    )


def _query(contract: Contract) -> str:
    """SQL with one row per status and month: keys, then per column of money its difference and changed rows."""
    money = _money(contract)
    keys = ", ".join(_quote(name) for name in contract.key)
    differences = "".join(
        f", sum(after.m{i} - before.m{i}), count(*) filter (after.m{i} <> before.m{i})" for i in range(len(money))
    )
    return f"""
    with known_rows as (select * from old_rows semi join new_rows using ({keys})),
    after as ({_latest(contract, money, "new_rows")}),
    before as ({_latest(contract, money, "known_rows")})
    select
        case
            when before.exported is null then 'new'
            when before.content = after.content then 'unchanged'
            when before.exported > after.exported then 'older'
            else 'changed'
        end as status,
        month_of(after.day) as month,
        count(*){differences}
    from after left join before using ({keys})
    group by all
    order by all
    """


def _latest(contract: Contract, money: Sequence[str], relation: str) -> str:
    """SQL of the latest version of each key; of copies in one file any will do, but always the same."""
    keys = ", ".join(_quote(name) for name in contract.key)
    cells = ", ".join(_quote(name) for name in contract.column_names)
    day = _quote(contract.day_column) if contract.day_column else "null"
    sums = "".join(f", 'm{i}': money({_quote(name)}, '{contract.money_unit}')" for i, name in enumerate(money))
    unnested = "".join(f", version.m{i}" for i in range(len(money)))
    exported_at = LINEAGE[2]
    return f"""
        select {keys}, exported, version.content, version.day{unnested}
        from (
            select {keys}, max({exported_at}) as exported, max_by(
                {{'content': hash({cells}), 'day': {day}{sums}}}, ({exported_at}, hash({cells}))
            ) as version
            from {relation} group by {keys}
        )"""


def _summed(contract: Contract, rows: list[tuple]) -> ExportChange:
    found = ExportChange(contract.export)
    for status, month, count, *figures in rows:
        setattr(found, status, getattr(found, status) + count)
        if status != "changed":
            continue
        for column, yuan, changed in zip(_money(contract), figures[::2], figures[1::2], strict=True):
            if changed:
                found.money.append(MoneyChange(month, column, round(float(yuan), 2), changed))
    return found


def _money(contract: Contract) -> list[str]:
    return [column.name for column in contract.columns if column.type == "money"]


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
