"""``docs/exports.md``: what each export is, how its files are recognised, and which metrics need it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kpi.contracts import Column, Contract

SYSTEMS = {
    "wecom": "WeCom",
    "youzan": "Youzan",
    "wechat_store": "WeChat Store",
    "kuaituantuan": "Kuaituantuan",
    "wechat_pay": "WeChat Pay",
    "wechat_channels": "WeChat Channels",
    "wechat_official": "WeChat Official Account",
    "xiaohongshu": "Xiaohongshu",
    "tencent_ads": "Tencent Ads",
    "oceanengine": "Ocean Engine",
    "scrm": "SCRM tool",
    "weiban": "Weiban",
    "referral": "Referral tool",
    "wenjuanxing": "Wenjuanxing",
    "xiaoetong": "Xiaoetong",
    "manual": "Sheets kept by hand",
    "ingest": "Ingest itself",
}
TIMES = {
    "epoch_s": "epoch seconds",
    "epoch_ms": "epoch milliseconds",
    "local_date": "days as text",
    "local_minute": "text to the minute",
    "local_second": "text to the second",
    "local_datetime": "text to the second",
    "local_chinese": "Chinese text (2026年05月12日18时30分00秒)",
}
PERSONS = {"auto": "wm, wb or st", "auto_un": "wm, st or un"}
MANY = {"comma": "several, joined by commas", "json": "several, a JSON list"}
Needs = Mapping[str, Mapping[str, list[tuple[str, str]]]]


def read_needs(project: Path) -> list[dict[str, str]]:
    """Which metric needs which export: ``seeds/reference/metric_exports.csv``."""
    with (project / "seeds" / "reference" / "metric_exports.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def exports_page(contracts: Iterable[Contract], needs: list[dict[str, str]]) -> str:
    """The page, in Markdown.

    Args:
        contracts: all of them.
        needs: rows of ``metric_exports``: metric, label_zh, export_name and effect (``unknown`` or ``changed``).
    """
    by_system: dict[str, list[Contract]] = {name: [] for name in SYSTEMS}
    for contract in contracts:
        by_system[contract.export.partition("__")[0]].append(contract)
    of_export: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for need in needs:
        of_export[need["export_name"]][need["effect"]].append((need["metric"], need["label_zh"]))
    return "\n".join(
        [
            *_overview(by_system, of_export),
            *(line for system, own in by_system.items() if own for line in _system(system, own, of_export)),
            *_metrics(needs),
        ]
    )


def _overview(by_system: Mapping[str, list[Contract]], needs: Needs) -> list[str]:
    count = sum(map(len, by_system.values()))
    rows = [
        f"| [`{own.export}`](#{own.export}) | {own.system} {own.label} | {len(needs[own.export]['unknown']) or ''} "
        f"| {len(needs[own.export]['changed']) or ''} |"
        for system in by_system.values()
        for own in system
    ]
    return [
        "# Exports 导出",
        "",
        "<!-- Written by `make pages` from kpi/contracts; edit the contracts, not this file. -->",
        "",
        f"{count} exports. None is a must: what is not there leaves its metrics unknown (null, never zero), and",
        "`quality.absent_exports` in the warehouse names them. The last two columns tell how many metrics are unknown",
        "without the export and how many have other values, measured by taking it away. One without numbers gives",
        "names and splits, or is only read and checked. What follows is each export as it is landed, with its columns,",
        "units and codes; at the end stand the exports that each metric needs.",
        "导出一览：缺少某个导出时，相关指标为空而不是零；后两列是实测出的、因此未知或改变的指标个数。",
        "",
        "| export | 导出 | metrics unknown without it | metrics changed |",
        "|---|---|---:|---:|",
        *rows,
        "",
    ]


def _system(system: str, contracts: list[Contract], needs: Needs) -> list[str]:
    names = " / ".join(dict.fromkeys(contract.system for contract in contracts))
    lines = [f"## {SYSTEMS[system]} {names}", ""]
    for contract in contracts:
        lines += _export(contract, needs[contract.export])
    return lines


def _export(contract: Contract, needs: Mapping[str, list[tuple[str, str]]]) -> list[str]:
    days = contract.retention_days
    facts = {
        "One landed row per": _codes(contract.grain),
        "Superseded by a later export with the same": _codes(contract.key) or "nothing, every row stays",
        "Business day": _codes([contract.day_column] if contract.day_column else []),
        "Times": TIMES.get(contract.time_unit, ""),
        "Money": contract.money_unit if contract.money_unit != "none" else "",
        "Kept": f"{days} days" if days else "until it is removed",
        "Recognised by": "; ".join(map(_layout, contract.layouts)),
        "Unknown without it": _labels(needs.get("unknown", [])),
        "Changed without it": _labels(needs.get("changed", [])),
    }
    return [
        f"### `{contract.export}`",
        "",
        f"**{contract.system} {contract.label}**",
        "",
        contract.description,
        "",
        *(f"- {fact}: {text}" for fact, text in facts.items() if text),
        "",
        "| column | type | what | values |",
        "|---|---|---|---|",
        *(_column(column, contract) for column in contract.columns),
        "",
    ]


def _layout(layout: Mapping[str, Any]) -> str:
    """A form of original files: its name, kind, and what has to be in it."""
    requires = _codes([str(item) for item in layout.get("requires", [])])
    return f"{layout['name']} ({layout['kind']}, {layout.get('known_from', 'own')})" + (
        requires and f" with {requires}"
    )


def _column(column: Column, contract: Contract) -> str:
    kind = column.type
    if column.is_personal:
        kind = f"person ({PERSONS.get(column.person or '', column.person)}" + (
            f", {MANY[column.many]})" if column.many else ")"
        )
    elif kind == "money":
        kind = f"money ({contract.money_unit})"
    if column.required:
        kind += ", required"
    listed = ("" if column.closed else "open: ") + _codes(column.values) if column.values else ""
    return "| " + " | ".join(_cell(text) for text in (f"`{column.name}`", kind, column.description, listed)) + " |"


def _metrics(needs: list[dict[str, str]]) -> list[str]:
    of_metric: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for need in needs:
        of_metric[need["metric"], need["label_zh"]][need["effect"]].append(need["export_name"])
    return [
        "## Exports that a metric needs 指标所需的导出",
        "",
        "Several absent exports together may leave unknown what each alone only changes, such as sales without a shop.",
        "",
        "| metric | 指标 | unknown without | changed without |",
        "|---|---|---|---|",
        *(
            f"| `{metric}` | {label} | {_codes(effects['unknown'])} | {_codes(effects['changed'])} |"
            for (metric, label), effects in sorted(of_metric.items())
        ),
        "",
    ]


def _labels(metrics: list[tuple[str, str]]) -> str:
    return ", ".join(f"{label} `{metric}`" for metric, label in metrics)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
