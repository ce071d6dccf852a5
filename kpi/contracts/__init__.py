"""The contracts: what each export is, declared once, in one YAML file per export.

Ingest, the seeds, the column lists and enumerations of staging, the checks at the boundary and a page of the docs are
all derived of them. README.md beside this file explains each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
LINEAGE = ("_source_file", "_source_row", "_exported_at")

TYPES = (
    "id", "text", "code", "integer", "decimal", "money", "time", "date", "flag", "person", "feature", "list",
)  # fmt: skip
PERSONS = ("wm", "wb", "st", "un", "op", "ph", "auto", "auto_un")
MANY = ("comma", "json")
TIME_UNITS = (
    "epoch_s", "epoch_ms", "local_date", "local_minute", "local_second", "local_datetime", "local_chinese", "none",
)  # fmt: skip
MONEY_UNITS = ("yuan", "fen", "none")
TRACES = ("order", "message", "archive", "invite", "coupon")
ON_ERASURE = ("blank", "renew")

_NEEDED = ("export", "system", "label", "description", "grain", "key", "day_column", "time_unit", "money_unit")
_KEYS = (
    *_NEEDED,
    "zone",
    "retention_days",
    "null_likes",
    "cell_prefix",
    "same_person",
    "on_erasure",
    "columns",
    "layouts",
)
_COLUMN_KEYS = (
    "name", "description", "type", "required", "values", "closed", "person", "many", "traceable", "on_erasure",
    "form",
)  # fmt: skip


class ContractError(Exception):
    """A contract that says something it cannot mean: names the file, the key and what is allowed."""


@dataclass(frozen=True)
class Column:
    """One landed column.

    Attributes:
        name: header, as landed.
        description: what stands in it, the meaning of codes too.
        type: one of ``TYPES``; what staging makes of the text.
        required: a row that is blank here has no key and cannot be landed.
        values: the codes that occur, as text; empty when nobody lists them. Those of a flag are 0 and 1.
        closed: other values are quarantined by staging; of an open list they pass.
        person: kind of key (``wm``, ``st`` …, ``auto``, ``auto_un``), for type ``person`` only.
        many: how several persons stand in one cell (``comma``, ``json``), or None for one.
        traceable: the platform finds a person by this number: one of ``TRACES``, the kind of number; equal numbers of
            a kind are the same thing in all exports.
        on_erasure: what becomes of the cell when its person is erased: ``blank``, or ``renew`` (another value for each
            that was there); None for a cell that tells nobody.
        form: how a time or date is written, in YYYY MM M DD D HH H mm ss, where not as its time unit says; of several
            ways the first is what a date cell of a workbook becomes.
    """

    name: str
    description: str
    type: str
    required: bool = False
    values: tuple[str, ...] = ()
    closed: bool = False
    person: str | None = None
    many: str | None = None
    traceable: str | None = None
    on_erasure: str | None = None
    form: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether a raw identifier stands here in the original file, and a key in the landed one."""
        return self.type == "person"


@dataclass(frozen=True)
class Contract:
    """One export.

    Attributes:
        export: ``<system>__<name>``, the name of the file, of the seed and of the landed directory.
        system: platform, as people call it.
        label: the export, as the platform calls it.
        description: grain, quirks and what is not in it; the last sentences are Chinese.
        grain: columns that one landed row is one of.
        key: columns by which a later export supersedes an earlier row; empty for events and snapshots.
        day_column: column that tells the business day of a row, if one does.
        time_unit: one of ``TIME_UNITS``, of all columns of type ``time``.
        zone: zone of times without an offset.
        money_unit: one of ``MONEY_UNITS``, of all columns of type ``money``.
        retention_days: days after which a row expires; None = kept.
        null_likes: trimmed cells that mean nothing.
        cell_prefix: character that the platform puts before every cell, empty for none.
        same_person: columns of type person that name one and the same person in a row.
        drops_erased: the row of an erased person is taken out, as it holds nothing but what describes a person.
        columns: landed columns in their order, without the lineage columns.
        layouts: how original files look; each as it stands in the YAML.
    """

    export: str
    system: str
    label: str
    description: str
    grain: tuple[str, ...]
    key: tuple[str, ...]
    day_column: str | None
    time_unit: str
    zone: str
    money_unit: str
    retention_days: int | None
    null_likes: tuple[str, ...]
    cell_prefix: str
    same_person: tuple[str, ...]
    drops_erased: bool
    columns: tuple[Column, ...]
    layouts: tuple[Mapping[str, Any], ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Headers of the landed columns, without the lineage columns."""
        return tuple(column.name for column in self.columns)

    @property
    def personal_columns(self) -> tuple[str, ...]:
        """Headers of the columns that hold person keys."""
        return tuple(column.name for column in self.columns if column.is_personal)

    def column(self, name: str) -> Column:
        """The column of that header. Raises KeyError for another one."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.export} has no column {name}")


@lru_cache(maxsize=8)
def load_contracts(directory: Path | None = None) -> dict[str, Contract]:
    """All contracts of a directory (that of the package without one), by name of the export.

    Raises:
        ContractError: a file is no contract; says which file, which key and what is allowed.
    """
    folder = directory or FOLDER
    defaults = _read(folder / "_defaults.yml")
    found = [_contract(path, defaults) for path in sorted(folder.glob("*__*.yml"))]
    return {contract.export: contract for contract in found}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise ContractError(f"{path}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise ContractError(f"{path}: a contract is a mapping of keys, see README.md beside the contracts.")
    return content


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Reads YAML, and refuses a key that stands twice: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        twice = {name for name in names if isinstance(name, str) and names.count(name) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {', '.join(sorted(twice))} twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _contract(path: Path, defaults: Mapping[str, Any]) -> Contract:
    given = _read(path)
    _known(path, given, _KEYS, "")
    _there(path, given, (*_NEEDED, "columns", "layouts"), "")
    merged = {**defaults, **{key: value for key, value in given.items() if value != "default"}}
    if given["export"] != path.stem:
        raise ContractError(f"{path}: export is {given['export']}; it must be the name of the file, {path.stem}.")
    _one_of(path, "time_unit", given["time_unit"], TIME_UNITS)
    _one_of(path, "money_unit", given["money_unit"], MONEY_UNITS)
    _one_of(path, "on_erasure", given.get("on_erasure", "drop_row"), ("drop_row",))
    days = merged["retention_days"]
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
        raise ContractError(f"{path}: retention_days is {days}; a whole number of days from 1, or null for kept.")
    columns = tuple(_column(path, entry) for entry in given["columns"])
    contract = Contract(
        export=given["export"],
        system=str(given["system"]),
        label=str(given["label"]),
        description=" ".join(str(given["description"]).split()),
        grain=_texts(path, "grain", given["grain"]),
        key=_texts(path, "key", given["key"]),
        day_column=given["day_column"],
        time_unit=given["time_unit"],
        zone=merged["zone"],
        money_unit=given["money_unit"],
        retention_days=days,
        null_likes=_texts(path, "null_likes", merged["null_likes"]),
        cell_prefix=given.get("cell_prefix", ""),
        same_person=_texts(path, "same_person", given.get("same_person", [])),
        drops_erased="on_erasure" in given,
        columns=columns,
        layouts=tuple(given["layouts"] or ()),
    )
    _sound(path, contract)
    return contract


def _column(path: Path, entry: Any) -> Column:
    if not isinstance(entry, dict) or "name" not in entry:
        raise ContractError(f"{path}: columns: each has a name, a description and a type; got {entry}.")
    where = f"column {entry['name']}: "
    _known(path, entry, _COLUMN_KEYS, where)
    _there(path, entry, ("description", "type"), where)
    _one_of(path, f"{where}type", entry["type"], TYPES)
    if (entry["type"] == "person") != ("person" in entry):
        raise ContractError(f"{path}: {where}person goes with type person, and type person with person.")
    if "person" in entry:
        _one_of(path, f"{where}person", entry["person"], PERSONS)
    if entry.get("many") is not None:
        _one_of(path, f"{where}many", entry["many"], MANY)
    for key, allowed in (("traceable", TRACES), ("on_erasure", ON_ERASURE)):
        if key in entry:
            _one_of(path, f"{where}{key}", entry[key], allowed)
    if ("values" in entry) != ("closed" in entry) or ("values" in entry and entry["type"] != "code"):
        raise ContractError(f"{path}: {where}values and closed go together, with type code.")
    for key in ("required", "closed"):
        if not isinstance(entry.get(key, False), bool):
            raise ContractError(f"{path}: {where}{key} is {entry[key]}; true or false.")
    values = _texts(path, f"{where}values", entry.get("values", []))
    if "form" in entry and entry["type"] not in ("time", "date"):
        raise ContractError(f"{path}: {where}form goes with type time or date.")
    is_flag = entry["type"] == "flag"
    return Column(
        name=str(entry["name"]),
        description=str(entry["description"]),
        type=entry["type"],
        required=entry.get("required", False),
        values=("0", "1") if is_flag else values,
        closed=is_flag or entry.get("closed", False),
        person=entry.get("person"),
        many=entry.get("many"),
        traceable=entry.get("traceable"),
        on_erasure=entry.get("on_erasure"),
        form=_texts(path, f"{where}form", entry.get("form", [])),
    )


def _sound(path: Path, contract: Contract) -> None:
    """What no key can tell alone: names that must be those of columns, units that must be used."""
    names = contract.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ContractError(f"{path}: columns: {', '.join(twice)} twice.")
    for key, allowed in (("grain", (*names, *LINEAGE)), ("key", names)):
        for name in getattr(contract, key):
            _one_of(path, key, name, allowed)
    for name in contract.same_person:
        _one_of(path, "same_person", name, contract.personal_columns)
    if contract.day_column is not None:
        _one_of(path, "day_column", contract.day_column, names)
    types = {column.type for column in contract.columns}
    if "money" in types and contract.money_unit == "none":
        raise ContractError(f"{path}: money_unit is none, but a column is money; yuan or fen.")
    if "time" in types and contract.time_unit == "none":
        raise ContractError(f"{path}: time_unit is none, but a column is a time; one of {', '.join(TIME_UNITS[:-1])}.")
    for layout in contract.layouts:
        if not isinstance(layout, dict) or not {"name", "kind"} <= layout.keys():
            raise ContractError(f"{path}: layouts: each is a mapping with at least name and kind; got {layout}.")


def _known(path: Path, given: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    unknown = [str(key) for key in given if key not in allowed]
    if unknown:
        raise ContractError(f"{path}: {where}unknown key {', '.join(unknown)}; known are {', '.join(allowed)}.")


def _there(path: Path, given: Mapping[str, Any], needed: tuple[str, ...], where: str) -> None:
    missing = [key for key in needed if key not in given]
    if missing:
        raise ContractError(f"{path}: {where}no {', '.join(missing)}.")


def _one_of(path: Path, key: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ContractError(f"{path}: {key} is {value}; one of {', '.join(allowed)}.")


def _texts(path: Path, key: str, value: Any) -> tuple[str, ...]:
    """A list of texts; a number or a yes that YAML made of one is refused, for it may have lost its zeros."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ContractError(f"{path}: {key} is {value}; a list of texts, numbers and 是/否-like words in quotes.")
    return tuple(value)
