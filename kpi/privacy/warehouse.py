"""Other keys in a warehouse file that is built already: a short cut, the thorough way is ``dbt build``."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from kpi.contracts import load_contracts
from kpi.privacy.erasure import Replacement
from kpi.privacy.keys import KEY, PrivacyError

SHORTEST_NUMBER = 8  # shorter ones (IV00660) may be other things in columns of whatever name
_COLUMNS = """
select t.schema_name, t.table_name, c.column_name, c.data_type
from duckdb_tables() as t
inner join duckdb_columns() as c
    on t.database_name = c.database_name and t.schema_name = c.schema_name and t.table_name = c.table_name
where t.database_name = 'work' and not t.internal and c.data_type in ('VARCHAR', 'VARCHAR[]')
"""


def replace_in_warehouse(file: Path, new: Replacement) -> int:
    """Exchange a person's keys, numbers and content hashes in every table of a DuckDB file.

    The file is copied, changed, written once more without the pages that held the old values, and put into place at
    once. Numbers shorter than 8 characters are left to the next ``dbt build``.

    Args:
        file: the warehouse.
        new: what stands for what.

    Returns:
        Number of rows changed, counted once for each column.

    Raises:
        PrivacyError: when the file is in use.
    """
    pairs = {**new.persons, **new.contents}
    for numbers in new.traces.values():
        pairs.update({old: drawn for old, drawn in numbers.items() if len(old) >= SHORTEST_NUMBER})
    prefixes = {contract.cell_prefix for contract in load_contracts().values()} - {""}
    pairs |= {mark + old: mark + drawn for mark in prefixes for old, drawn in pairs.items()}
    file = file.resolve()  # of a link the file behind it holds the keys
    lock = FileLock(file.with_name(f".{file.name}.erase.lock"))
    try:
        with lock.acquire(timeout=0):
            return _replace(file, pairs)
    except Timeout:
        raise PrivacyError(f"{file}: another kpi erase is changing it. Run dbt build when it has ended.") from None


def _replace(file: Path, pairs: dict[str, str]) -> int:
    """Change a copy, write it anew and put it into place."""
    work, clean = (file.with_name(f".{file.name}.{name}") for name in ("work", "clean"))
    _remove(work, clean)  # of a run that was killed: they hold the old keys
    try:
        duckdb.connect(str(file)).close()  # writes what is in its log, and fails while somebody writes
        shutil.copy2(file, work)
        with duckdb.connect() as db:
            db.execute(f"attach '{_quoted(work)}' as work")
            changed = _update(db, pairs)
            db.execute("checkpoint work")
            db.execute(f"attach '{_quoted(clean)}' as clean")
            db.execute("copy from database work to clean")
            db.execute("detach clean")
        shutil.copymode(file, clean)
        clean.replace(file)
    except duckdb.Error as error:
        raise PrivacyError(f"{file}: cannot be changed ({error}). Close what has it open, or run dbt build.") from error
    finally:
        _remove(work, clean)
    return changed


def _remove(*files: Path) -> None:
    for file in files:
        for path in (file, file.with_name(f"{file.name}.wal")):
            path.unlink(missing_ok=True)


def _update(db: duckdb.DuckDBPyConnection, pairs: dict[str, str]) -> int:
    db.execute("create temp table pairs (old varchar, new varchar)")
    db.executemany("insert into pairs values (?, ?)", list(pairs.items()))
    db.execute("set variable pairs = (select map(list(old), list(new)) from pairs)")
    changed = 0
    for schema, table, column, kind in db.execute(_COLUMNS).fetchall():
        name = f'work."{schema}"."{table}"'
        cell = f'"{column}"'
        if kind == "VARCHAR[]":
            value = f"list_transform({cell}, lambda x: coalesce(getvariable('pairs')[x], x))"
            found = f"list_has_any({cell}, map_keys(getvariable('pairs')))"
            changed += db.execute(f"update {name} set {cell} = {value} where {found}").fetchone()[0]
            continue
        changed += db.execute(
            f"update {name} as t set {cell} = pairs.new from pairs where t.{cell} = pairs.old"
        ).fetchone()[0]
        for old, drawn in pairs.items():  # lists in a text
            if KEY.fullmatch(old):
                changed += db.execute(
                    f"update {name} set {cell} = replace({cell}, $1, $2) where contains({cell}, $1)", [old, drawn]
                ).fetchone()[0]
    return changed


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
