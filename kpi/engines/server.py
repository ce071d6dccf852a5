"""What asking a server has in common, whichever it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from kpi.engines import Reader, Rows
from kpi.targets import Target, TargetError
from kpi.warehouse import WarehouseError

if TYPE_CHECKING:
    import pyarrow as pa

PLACES = 2  # digits after the point of money in tables
MONEY_SCALE = 6  # digits after the point that an amount may have; quotients have more


class ServerReader(Reader, Protocol):
    """What a server's reader can do beside answering."""

    def typed(self, sql: str) -> tuple[Rows, tuple[str, ...]]:
        """The rows of one query, and the types of its columns as DuckDB calls them; see ``kpi.engines.Reader.ask``."""

    def renew(self) -> None:
        """Let go of what was read: the next question sees the tables as they are then."""


def missing_driver(target: Target, error: ModuleNotFoundError) -> TargetError:
    """What to do where the clients of a target are not installed."""
    lock = f"requirements-{target.kind}.lock"
    return TargetError(
        f"{target.name}: 没有安装此目标的客户端 the clients of this target are not installed ({error.name}). "
        f"Install them: .venv/bin/python -m pip install --no-deps --require-hashes -r {lock}"
    )


def unreachable(target: Target, error: Exception, address: str) -> WarehouseError:
    """What to do where nobody answers."""
    return WarehouseError(
        f"{target.name}: 无法连接 cannot connect to {address}: {first_line(error)}\n"
        f"怎么办:确认服务已启动(本机:make {target.kind}-up),地址与账号见 profiles.yml 及其环境变量。\n"
        f"What to do: is the server up (on this machine: make {target.kind}-up)? Its address and user are those of "
        "profiles.yml and its COMMUNITY_METRICS_* variables."
    )


def one_query(sql: str) -> str:
    """The SQL as a subquery: the server's own parser refuses there whatever is no query.

    A second statement would be out of the brackets, so a semicolon is refused wherever it stands: nothing here needs
    to know how each server reads quotes and comments.

    Raises:
        kpi.warehouse.WarehouseError: for a semicolon.
    """
    sql = sql.strip().removesuffix(";")
    if ";" in sql:
        raise WarehouseError("只能是一个查询 one query and nothing else can be asked, and no semicolon in its texts")
    return f"select * from (\n{sql}\n) as asked"


def settled(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Rows:
    """Rows with the types that DuckDB gives: a column of decimals is of whole numbers, amounts or quotients.

    Servers add integers up to decimals and divide decimals to decimals with many digits.
    """
    columns_of_values = [list(map(_without_zone, values)) for values in zip(*rows, strict=True)]
    for values in columns_of_values:
        if any(isinstance(value, Decimal) for value in values):
            make = _number(max(_scale(value) for value in values if value is not None))
            values[:] = [value if value is None else make(value) for value in values]
    return Rows(tuple(columns), list(zip(*columns_of_values, strict=True)))


def types_of(found: Rows, kinds: Sequence[str]) -> tuple[str, ...]:
    """DuckDB's types of settled columns; decimals are what their values say, doubles where there are none.

    Args:
        found: the rows.
        kinds: DuckDB's types by what the server says, ``DECIMAL`` for decimals of any kind.
    """
    types = []
    for at, kind in enumerate(kinds):
        values = [row[at] for row in found.rows if row[at] is not None] if kind == "DECIMAL" else []
        if any(isinstance(value, Decimal) for value in values):
            scale = max(_scale(value) for value in values)
            kind = f"DECIMAL({18 if scale == PLACES else 38},{scale})"
        elif kind == "DECIMAL":
            kind = "BIGINT" if values and all(isinstance(value, int) for value in values) else "DOUBLE"
        types.append(kind)
    return tuple(types)


def _scale(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def _number(scale: int) -> type:
    return int if scale <= 0 else Decimal if scale <= MONEY_SCALE else float


def _without_zone(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value


def as_arrow(found: Rows) -> pa.Table:
    """Rows as a table of Arrow."""
    import pyarrow as pa

    values = zip(*found.rows, strict=True) if found.rows else [()] * len(found.columns)
    return pa.table({name: pa.array(list(column)) for name, column in zip(found.columns, values, strict=True)})


def first_line(error: Exception) -> str:
    """The first line of what a driver says."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
