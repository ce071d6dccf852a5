"""Sets of tables on a server, replaced so that whoever reads them finds the old set or the new one.

``kpi export`` and ``kpi publish`` draft a set in DuckDB; here it takes the place of the one before, in one schema:

* ``postgres``: one transaction empties the tables and fills them again. The tables stay the same ones.
* ``spark``: tables of a schema of their own, and views that are pointed at them one by one.

Every table has a column more, ``SET``, which names the set, and table ``LEDGER`` lists the tables of the set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from kpi.sql import quoted
from kpi.targets import Target, TargetError
from kpi.warehouse import WarehouseError

if TYPE_CHECKING:
    import duckdb

    from kpi.engines import Engine, Reader

SET = "exported_set"
LEDGER = "exported"
SAID = {
    SET: "导出批次 the set that the row came with: rows of one set belong together; sets sort by their time",
    "table_name": "表 table of this schema",
    "rows": "行数 its rows",
    "stored_as": "存储位置 the table itself; where it is another one than table_name, table_name is a view of it",
}
ABOUT = "本批次的表 One row per table of the set that stands in this schema."
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


class ExchangeError(WarehouseError):
    """What keeps a set from taking its place; the set before it stands."""


@dataclass(frozen=True)
class Piece:
    """One table of a set, drafted in DuckDB.

    Attributes:
        draft: the drafted table, as SQL names it.
        types: DuckDB's types by column.
        comment: what it holds.
        comments: the same by column.
        key: columns of its primary key; none where nothing is said.
    """

    draft: str
    types: Mapping[str, str]
    comment: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()


Pieces = Mapping[str, Piece]
Check = Callable[["Reader"], None]


class Exchange(Protocol):
    """How an engine replaces the set of one schema."""

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else replaces the set meanwhile, where the engine can say so.

        Raises:
            ExchangeError: when somebody does.
        """

    def replace(self, db: duckdb.DuckDBPyConnection, pieces: Pieces, check: Check) -> str:
        """Put a set into the place of the one before.

        Args:
            db: connection with the drafts.
            pieces: the tables, by name.
            check: called when all is written and nothing of it can be seen; raises where the set must not be.

        Returns:
            The name of the set that stands: this one, or a newer one that somebody else put there meanwhile.

        Raises:
            ExchangeError: when it cannot be done; the set before it stands.
        """


def exchange_of(target: Target, engine: Engine, schema: str) -> Exchange:
    """How the set of a schema is replaced on a target.

    Args:
        target: which one.
        engine: its engine.
        schema: in which the set is read.

    Raises:
        TargetError: for an engine that nobody has looked at.
    """
    if target.kind == "postgres":
        from kpi.exchange.postgres import PostgreSqlExchange

        return PostgreSqlExchange(engine, schema)  # type: ignore[arg-type]
    if target.kind == "spark":
        from kpi.exchange.spark import SparkExchange

        return SparkExchange(engine, schema)  # type: ignore[arg-type]
    raise TargetError(f"{target.name}: nobody has looked at how {target.kind} replaces tables")


def require_names(pieces: Pieces) -> None:
    """Refuse a set in which a table or a column is called as what is added to it.

    Raises:
        ExchangeError: for such a name.
    """
    for name, piece in pieces.items():
        if name == LEDGER or SET in piece.types:
            raise ExchangeError(f"{name}: 名称已被占用 {LEDGER} and {SET} are names of the set itself. Rename it.")


def spelled(kind: str, spellings: Mapping[str, str], decimal: str, what: str) -> str:
    """A type of DuckDB as an engine spells it.

    Args:
        kind: DuckDB's type.
        spellings: by DuckDB's type.
        decimal: of decimals, with places for precision and scale.
        what: names the column in a message.

    Raises:
        ExchangeError: for a type without a spelling.
    """
    if found := _DECIMAL.fullmatch(kind):
        return decimal.format(*found.groups())
    if kind not in spellings:
        raise ExchangeError(f"{what}: 类型不支持 type {kind} is not written to this target. Cast it in its model.")
    return spellings[kind]


def nulls_of(db: duckdb.DuckDBPyConnection, piece: Piece) -> set[str]:
    """The columns of a draft that hold nothing but nulls."""
    counts = db.execute(f"select {', '.join(f'count({quoted(c)})' for c in piece.types)} from {piece.draft}").fetchall()
    return {column for column, count in zip(piece.types, counts[0], strict=True) if not count}


def ledger(db: duckdb.DuckDBPyConnection, pieces: Pieces, stored_as: Callable[[str], str]) -> Piece:
    """The table that lists a set, drafted.

    Args:
        db: connection with the drafts.
        pieces: the tables of the set.
        stored_as: where a table lies.
    """
    db.execute(f"create or replace temp table {LEDGER} (table_name varchar, rows bigint, stored_as varchar)")
    for name, piece in pieces.items():
        db.execute(f"insert into {LEDGER} select $1, count(*), $2 from {piece.draft}", [name, stored_as(name)])
    types = {"table_name": "VARCHAR", "rows": "BIGINT", "stored_as": "VARCHAR"}
    return Piece(LEDGER, types, ABOUT, SAID, ("table_name",))
