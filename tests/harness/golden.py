"""The golden data set: a few rows per export, written so that a person can count every answer on paper.

``tests/golden/exports/<export>.csv`` holds times as wall clock of Asia/Shanghai and money in yuan, whatever the
platform writes, and beside each row the reason for it (``why``). ``land`` turns them into exports in the platforms' own
units, which the project reads; ``oracle`` gives them to a database of their own as they stand, from which the expected
answers are computed. The two meet nowhere else.
"""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden"
AUTHORED = FOLDER / "exports"
FORMATS = ROOT / "seeds" / "exports"
SHANGHAI = ZoneInfo("Asia/Shanghai")
# The exports end on 2024-03-10, the last complete day: what was exported after it was exported early the next morning.
EXPORTED_AT = "2024-03-11 02:00:00"


def units(export: str) -> dict[str, str]:
    """The unit of each column that the platform does not write as people do: seconds, milliseconds or fen."""
    declared = yaml.safe_load((FOLDER / "units.yml").read_text(encoding="utf-8"))
    return {column: unit for unit, columns in declared.get(export, {}).items() for column in columns}


def encode(value: str, unit: str | None) -> str:
    """One cell as the platform writes it.

    Args:
        value: wall clock of Asia/Shanghai, yuan, or text; ``raw:`` in front keeps the rest as it is.
        unit: ``seconds``, ``milliseconds``, ``fen`` or none.

    Raises:
        ValueError: when the value is no time or no amount.
    """
    if value.startswith("raw:"):
        return value[4:]
    if not value or unit is None:
        return value
    if unit == "fen":
        return str(int(Decimal(value) * 100))
    moment = dt.datetime.fromisoformat(value).replace(tzinfo=SHANGHAI)
    return str(round(moment.timestamp() * {"seconds": 1, "milliseconds": 1000}[unit]))


def rows_of(file: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, keyed by its header."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def header_of(export: str) -> list[str]:
    """Columns of an export, in the order of the platform, with the three columns of the landing."""
    with (FORMATS / f"{export}.csv").open(encoding="utf-8", newline="") as lines:
        return next(csv.reader(lines))


def land(into: Path, authored: Path = AUTHORED) -> None:
    """Write the golden exports into a landing directory, in the platforms' own units."""
    into.mkdir(parents=True, exist_ok=True)
    for file in sorted(authored.glob("*.csv")):
        header, unit = header_of(file.stem), units(file.stem)
        rows = rows_of(file)
        if rows and (unknown := set(rows[0]) - set(header) - {"why"}):
            raise ValueError(f"{file}: no such columns in the export: {', '.join(sorted(unknown))}")
        with (into / file.name).open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(header)
            for number, row in enumerate(rows, start=2):
                row.setdefault("_source_file", file.name)
                row.setdefault("_source_row", str(number))
                row["_exported_at"] = row.get("_exported_at") or EXPORTED_AT
                writer.writerow([encode(row.get(column) or "", unit.get(column)) for column in header])


def oracle(authored: Path = AUTHORED) -> duckdb.DuckDBPyConnection:
    """The golden rows as written, one table per export: times are timestamps, money decimals, the rest text."""
    connection = duckdb.connect(":memory:")
    for file in sorted(authored.glob("*.csv")):
        header, unit = header_of(file.stem), units(file.stem)
        given = rows_of(file)
        columns = [
            f"cast(nullif(\"{column}\", '') as {'decimal(18, 2)' if unit.get(column) == 'fen' else 'timestamp'})"
            f' as "{column}"'
            if column in unit and column in (given[0] if given else ())
            else f'nullif("{column}", \'\') as "{column}"'
            if column in (given[0] if given else ())
            else f'cast(null as varchar) as "{column}"'
            for column in header
            if not column.startswith("_source")
        ]
        read = f"read_csv('{file}', all_varchar = true, header = true)"
        connection.execute(f'create table "{file.stem}" as select {", ".join(columns)} from {read}')
        if "_exported_at" in header:
            connection.execute(f"update \"{file.stem}\" set _exported_at = '{EXPORTED_AT}' where _exported_at is null")
    return connection
