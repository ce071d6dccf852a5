"""What the contract of an export says, as expectations: nothing of it is written in the suites again."""

from __future__ import annotations

from collections.abc import Iterable

from kpi.boundaries.suites import Check, Suite
from kpi.contracts import Column, Contract

# What a cell may look like, without yen signs, spaces and thousands separators.
NUMBERS = {"integer": r"-?\d+(\.0+)?(秒|%)?", "decimal": r"-?\d+(\.\d+)?(秒|%)?"}
MONEY = {"yuan": r"-?\d+(\.\d{1,2}0*)?", "fen": r"-?\d+(\.0+)?"}
DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
TIMES = {
    "epoch_s": r"0|\d{10}",
    "epoch_ms": r"0|\d{13}",
    "local_date": DAY,
    "local_minute": DAY + r"\d{1,2}[:：]\d{2}",
    "local_second": DAY + r"\d{1,2}[:：]\d{2}[:：]\d{2}",
    "local_datetime": DAY + r"\d{1,2}[:：]\d{2}[:：]\d{2}",
    "local_chinese": r"\d{4}年\d{1,2}月\d{1,2}日\d{1,2}时\d{1,2}分\d{1,2}秒",
}
PERSONS = {"auto": "wm|wb|st", "auto_un": "wm|wb|st|un"}


def contract_suite(contract: Contract, checks: Iterable[Check]) -> Suite:
    """The checks that have something to look at in the export, and the relation that they look at.

    Args:
        contract: what is expected of the export.
        checks: those of ``suites/contracts.yml``; their setting ``about`` names the kind of column they are about.
    """
    kinds = {"any"} | {_kind(column) for column in contract.columns}
    if any(column.required for column in contract.columns):
        kinds.add("key")
    asked = tuple(check for check in checks if check.settings["about"] in kinds)
    return Suite(contract.export, (contract.export,), {asked[0].of: _cells(contract)}, asked)


def _kind(column: Column) -> str:
    """What is expected of the filled cells of a column."""
    if column.values:
        return "closed" if column.closed else "open"
    if column.type in ("integer", "decimal", "money", "time", "date"):
        return "form"
    return "person" if column.is_personal else "text"


def _cells(contract: Contract) -> str:
    """SQL of one row per column: how many cells there are, and how many are not as the contract says."""
    own = ", ".join(f"cast(null as varchar) as {_quoted(name)}" for name in contract.column_names)
    blanks = ", ".join(map(_text, contract.null_likes))
    counts, rows = [], []
    for number, column in enumerate(contract.columns):
        cell = f"trim(replace({_quoted(column.name)}, {_text(contract.cell_prefix)}, ''))"
        blank = f"({cell} is null or {cell} in ({blanks}))"
        unfit = f"not {blank} and not {_fits(contract, column, cell)}"
        counts.append(
            f"count(*) filter ({blank}) as blank_{number}, count(*) filter ({unfit}) as unfit_{number}, "
            f"min({_shown(column, cell)}) filter ({unfit}) as example_{number}"
        )
        rows.append(
            f"select {_text(column.name)} as header, {_text(_kind(column))} as kind, "
            f"{_text(column.name)} in (select column_name from duckdb_columns() "
            f"where table_name = {_text(contract.export)} and schema_name = 'main') as is_there, "
            f"rows - blank_{number} as filled, {f'blank_{number}' if column.required else '0'} as blank_keys, "
            f"unfit_{number} as unfit, example_{number} as example from counts"
        )
    return (
        # a column that is not there is found missing, not a reason to look at no other
        f'with landed as (select {own} where false union all by name from "{contract.export}"), '
        f"counts as (select count(*) as rows, {', '.join(counts)} from landed) {' union all '.join(rows)}"
    )


def _fits(contract: Contract, column: Column, cell: str) -> str:
    """SQL condition that a filled cell is as the contract says."""
    kind = _kind(column)
    if kind in ("closed", "open"):
        return f"{cell} in ({', '.join(map(_text, column.values))})"
    if kind == "person":
        key = f"({PERSONS.get(column.person or '', column.person)})_[0-9A-Za-z]+"
        cleaned = f"regexp_replace({cell}, '[\\[\\]\" ]', '', 'g')"
        return f"({cleaned} = '' or regexp_full_match({cleaned}, {_text(key + '(,' + key + ')*')}))"
    if kind == "form":
        pattern = {
            "money": MONEY.get(contract.money_unit),
            "time": TIMES.get(contract.time_unit),
            "date": DAY,
        }.get(column.type) or NUMBERS[column.type]
        return f"regexp_full_match(regexp_replace({cell}, '[¥￥,\\s]', '', 'g'), {_text(pattern)})"
    return "true"


def _shown(column: Column, cell: str) -> str:
    """What a report may show of a cell."""
    return f"left({cell}, 2) || '…'" if column.is_personal else cell


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
