"""Writes what is derived of the contracts: the YAML of the seeds, and the macros that staging reads them by.

``python -m kpi.contracts.derive`` in the project's folder; a test fails while a written file is old.
"""

from __future__ import annotations

import csv
import textwrap
from pathlib import Path
from typing import Any

import yaml

from kpi.contracts import FOLDER, LINEAGE, Column, Contract, load_contracts

COMMAND = "python -m kpi.contracts.derive"
LINEAGE_DOCS = dict(zip(LINEAGE, ("source_file", "source_row", "exported_at"), strict=True))
WIDTH = 116
# of a contract, what a macro is asked for
_CONTRACTS_HEAD = """\
{{#-
    Written by `{command}` from kpi/contracts/*.yml; edit the contracts, not this file.
    It stands here as a macro, for that is there in every way a model is compiled: the seeds, which know the columns
    too, are off while a landing directory is named.
-#}}

{{# What models ask of the contracts: title, columns and enumerations of each export, and whether a metric needs it. #}}
{{% macro contracts() -%}}
    {{{{ return({{
"""
_CONTRACTS_FOOT = """\
    }) }}
{%- endmacro %}
"""


class _Dumper(yaml.SafeDumper):
    """Writes YAML as the other files of the project are written: lists indented, short lists in one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


_Dumper.add_representer(
    list,
    lambda dumper, items: dumper.represent_sequence(
        "tag:yaml.org,2002:seq", items, flow_style=all(isinstance(item, str) for item in items)
    ),
)


def seed_yaml(contract: Contract) -> str:
    """``seeds/exports/<export>.yml``: the seed that stands in for the export."""
    columns = [{"name": column.name, "description": column.description} for column in contract.columns]
    columns += [{"name": name, "description": f"{{{{ doc('{doc}') }}}}"} for name, doc in LINEAGE_DOCS.items()]
    seed: dict[str, Any] = {
        "name": contract.export,
        "description": "|description|",
        "config": {
            "column_types": dict.fromkeys((*contract.column_names, *LINEAGE), "varchar"),
            "meta": {
                "system": contract.system,
                "export_zh": contract.label,
                "grain": list(contract.grain),
                "personal_columns": list(contract.personal_columns),
                "time_unit": contract.time_unit,
                "money_unit": contract.money_unit,
            },
        },
        "columns": columns,
    }
    text = yaml.dump({"version": 2, "seeds": [seed]}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=WIDTH)
    head = f"# Written by `{COMMAND}` from kpi/contracts/{contract.export}.yml; edit the contract, not this file.\n"
    text = text.replace("version: 2\n", "version: 2\n\n", 1)
    # PyYAML would put the Chinese, which has no spaces to break at, behind a full line
    return head + text.replace("'|description|'\n", ">\n" + _lines(contract.description), 1)


def _lines(description: str) -> str:
    """A description over several lines, the Chinese end of it, which has no full stop of ours, on its own."""
    english, stop, chinese = description.rpartition(". ")
    paragraphs = (english + stop.strip(), chinese)
    lines = [line for part in paragraphs for line in _wrapped(part, WIDTH - 6)]
    return "".join(f"      {line}\n" for line in lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def contracts_macro(contracts: dict[str, Contract], null_likes: list[str], needed: set[str]) -> str:
    """``macros/contracts.sql``: what the macros of ``macros/contract.sql`` look things up in.

    Args:
        contracts: the contracts by export.
        null_likes: cells that mean nothing where a contract has no list of its own.
        needed: exports that some metric needs.
    """
    lines = [_CONTRACTS_HEAD.format(command=COMMAND)]
    for name, contract in contracts.items():
        names = ", ".join(_jinja(column) for column in (*contract.column_names, *LINEAGE))
        listed = _wrapped(names, WIDTH - 16)
        title = _jinja(f"{contract.system} {contract.label}")
        lines.append(f"        '{name}': {{\n            'title': {title},\n            'columns': [\n")
        lines += [f"                {line}\n" for line in listed]
        lines.append("            ],\n            'values': {\n")
        lines += [f"                {_values(column)},\n" for column in contract.columns if column.values]
        own = "none" if list(contract.null_likes) == null_likes else _sql(contract.null_likes)
        lines.append(f"            }},\n            'null_likes': {own},\n")
        lines.append(f"            'feeds_metrics': {str(name in needed).lower()},\n        }},\n")
    lines.append(_CONTRACTS_FOOT)
    lines.append(
        "\n{# Trimmed cells that mean nothing, as a list in SQL; an export may have a list of its own. #}\n"
        "{% macro null_likes(export_name=none) -%}\n"
        "    {%- set own = contracts()[export_name]['null_likes'] if export_name else none -%}\n"
        f"    {{{{ return(own or {_sql(null_likes)}) }}}}\n"
        "{%- endmacro %}\n"
    )
    return "".join(lines)


def _values(column: Column) -> str:
    return f"{_jinja(column.name)}: [{', '.join(_jinja(value) for value in column.values)}]"


def _jinja(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _sql(texts: tuple[str, ...] | list[str]) -> str:
    """A list in SQL, as a text in Jinja."""
    return '"' + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + '"'


def derived(project: Path) -> dict[Path, str]:
    """What the derived files should hold now, by path; nothing is written."""
    contracts = load_contracts()
    defaults = yaml.safe_load((FOLDER / "_defaults.yml").read_text(encoding="utf-8"))
    seeds = {project / "seeds" / "exports" / f"{name}.yml": seed_yaml(c) for name, c in contracts.items()}
    macro = contracts_macro(contracts, defaults["null_likes"], _needed(project))
    return seeds | {project / "macros" / "contracts.sql": macro}


def _needed(project: Path) -> set[str]:
    """The exports that some metric needs, as measured by ``python -m harness.absent``."""
    with (project / "seeds" / "reference" / "metric_exports.csv").open(encoding="utf-8", newline="") as file:
        return {row["export_name"] for row in csv.DictReader(file)}


if __name__ == "__main__":
    for path, text in derived(Path.cwd()).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(Path.cwd())}")
