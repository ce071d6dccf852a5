"""The pages of docs/ that are written from the project itself: metrics.md, identities.md, analyses.md, exports.md.

``metrics.md`` comes from dbt's manifest and the semantic layer, ``identities.md`` from the tests in the
manifest, ``analyses.md`` from the questions in ``docs/analyses.yml``, each asked on the built warehouse.
``make pages`` writes them; a test compares what is committed with what would be written.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from kpi.contracts import load_contracts
from kpi.contracts.page import exports_page, read_needs
from kpi.definitions import Metric, chinese_formula, formula_of
from kpi.semantic import Answer, SemanticLayer

STAGES = {
    "acquisition": "获客 Acquisition",
    "activation": "激活 Activation",
    "retention": "留存 Retention",
    "monetization": "变现 Monetization",
    "advocacy": "传播 Advocacy",
    "operations": "运营 Operations",
}
# generic tests of macros/, each use of which is an identity of its table
IDENTITIES = {
    *("figures_agree", "figures_never_exceed", "never_grows", "total_is_its_parts", "holds_each_once"),
    *("opens_where_it_closed", "periods_do_not_overlap", "shares_sum_to_one", "expression_is_true"),
}
KEYS = "keys_lead_somewhere"
NOTE = "<!-- Written by `make pages`; edit its sources, not this file. -->"


def _listed(values: list[str]) -> str:
    return ", ".join(f"`{value}`" for value in values) or "none but time"


def _entry(metric: Metric, dimensions: list[str]) -> list[str]:
    meta = metric.meta
    lines = [f"### {metric.label} `{metric.name}`", "", metric.description, "", metric.description_zh or "", ""]
    facts = {
        "Formula": metric.formula,
        "公式": metric.formula_zh,
        "Clock": meta.get("clock", ""),
        "Additivity": meta["additivity"],
        "Better": meta["direction"],
        "Split by": _listed(dimensions),
        "Source documents": ", ".join(meta["source_documents"]) or "none",
        "Version": str(meta["version"]),
    }
    return lines + [f"- {key}: {value}" for key, value in facts.items() if value] + [""]


def metrics_page(layer: SemanticLayer, manifest: dict[str, Any]) -> str:
    """The metric catalogue: each metric of the project with definition, formula and splits, by stage."""
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    labels = {name: metric["label"] for name, metric in metrics.items()}
    helpers = {name for name, metric in metrics.items() if metric["config"]["meta"].get("helper")}
    lines = [
        "# Metric catalogue 指标目录",
        "",
        NOTE,
        "",
        f"{len(metrics) - len(helpers)} metrics of the catalogue, {len(helpers)} helpers that they are made of. Ask:",
        "`.venv/bin/mf query --metrics <id> --group-by metric_time__month,<split>`. Age band, gender and region",
        "of members answer `not_collected` unless the var `demographics_enabled` is set.",
        "",
        "| stage | metrics |",
        "|---|---|",
    ]
    for stage, title in STAGES.items():
        own = sorted(n for n, m in metrics.items() if m["config"]["meta"]["stage"] == stage and n not in helpers)
        named = [f"`{name}` {metrics[name]['label']}" for name in own]
        lines.append(f"| {title} | {', '.join(named)} |")
    lines.append("")
    for stage, title in STAGES.items():
        own = sorted(n for n, m in metrics.items() if m["config"]["meta"]["stage"] == stage)
        lines += [f"## {title}", ""]
        for name in (n for n in own if n not in helpers):
            raw = metrics[name]
            description, meta = " ".join(raw["description"].split()), raw["config"]["meta"]
            told = Metric(name, raw["label"], description, meta, formula_of(raw), chinese_formula(raw, labels))
            lines += _entry(told, layer.dimensions(name))
        lines += ["Helpers:", "", "| id | label | what it counts | formula |", "|---|---|---|---|"]
        for name in (n for n in own if n in helpers):
            cells = [f"`{name}`", metrics[name]["label"], metrics[name]["description"], formula_of(metrics[name])]
            lines.append("| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _sentence(test: dict[str, Any], manifest: dict[str, Any]) -> str:
    """The name of a test as the sentence that it is, and the tables that it sets against one another."""
    nodes = (manifest["nodes"][key] for key in test["depends_on"]["nodes"] if key != test.get("attached_node"))
    against = sorted({f"`{node['name']}`" for node in nodes if node["resource_type"] == "model"})
    sentence = test["name"].replace("_", " ").capitalize()
    return f"- {sentence}" + (f" ({', '.join(against)})" if against else "")


def identities_page(manifest: dict[str, Any]) -> str:
    """What must always hold between the tables, by the table at which its test stands."""
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    identities, keys, singular = {}, {}, []
    for test in sorted(tests, key=lambda node: node["name"]):
        kind = (test.get("test_metadata") or {}).get("name")
        if kind is None:
            singular.append(_sentence(test, manifest))
        elif kind in IDENTITIES or kind == KEYS:
            table = manifest["nodes"][test["attached_node"]]["name"]
            if kind in IDENTITIES:
                identities.setdefault(table, []).append(_sentence(test, manifest))
            else:
                leads = test["test_metadata"]["kwargs"]["keys"]
                keys[table] = ", ".join(sorted({f"`{target.partition('.')[0]}`" for target in leads.values()}))
    count = sum(map(len, identities.values())) + len(keys) + len(singular)
    lines = [
        "# Identities 恒等式",
        "",
        NOTE,
        "",
        f"{count} data tests, each of which lists the keys and both sides of what does not hold; in brackets the other",
        "tables that it reads. `tests/python/test_identities_ring.py` spoils a copy of the warehouse for each and sees",
        "it fail. Between metrics, `tests/python/test_identities.py` adds up parts and days, divides numerators by",
        "denominators and looks for the stock of the last day.",
        "",
        "## Tests that stand alone",
        "",
        *singular,
        "",
    ]
    for table in sorted(identities):
        lines += [f"## `{table}`", "", *identities[table], ""]
    lines += [
        "## Keys",
        "",
        "Every key, and every day, of these tables is found in:",
        "",
        "| table | found in |",
        "|---|---|",
    ]
    lines += [f"| `{table}` | {found} |" for table, found in sorted(keys.items())]
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    """One value for readers: dates without times, four digits for ratios, two from 10 on, blanks for unknown."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, float):
        return f"{value:.{4 if abs(value) < 10 else 2}f}".rstrip("0").rstrip(".")
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return str(value).replace("|", "\\|")


def _part(answer: Answer, question: dict[str, Any]) -> Answer:
    """The columns and rows of an answer that a question shows: ``columns`` in their order, the rows in ``only``."""
    rows = answer.rows
    for name, shown in question.get("only", {}).items():
        at = answer.columns.index(name)
        cells = {_cell(value) for value in shown}
        rows = [row for row in rows if _cell(row[at]) in cells]
    columns = tuple(question.get("columns", answer.columns))
    positions = [answer.columns.index(name) for name in columns]
    return Answer(columns, [tuple(row[at] for at in positions) for row in rows])


def _table(answer: Answer, limit: int) -> list[str]:
    if not answer.rows:
        return ["No rows."]
    lines = ["| " + " | ".join(answer.columns) + " |", "|" + "---|" * len(answer.columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in answer.rows[:limit]]
    if len(answer.rows) > limit:
        lines += ["", f"… {len(answer.rows) - limit} more rows."]
    return lines


def _command(question: dict[str, Any]) -> str:
    parts = [f".venv/bin/mf query --metrics {','.join(question['metrics'])}"]
    parts.append(f"--group-by {','.join(question['group_by'])}")
    parts += [f'--where "{where}"' for where in question.get("where", [])]
    parts.append(f"--order {','.join(question.get('order_by') or question['group_by'])}")
    return " \\\n  ".join(parts)


def analyses_page(layer: SemanticLayer, questions: dict[str, Any], compiled: Path) -> str:
    """Each question with the way it is asked and its answer on the built warehouse.

    Args:
        layer: the semantic layer over the built warehouse.
        questions: content of ``docs/analyses.yml``: chapters of questions, each with either ``metrics``,
            ``group_by`` and optionally ``where`` and ``order_by``, or ``analysis`` (a file of analyses/).
            Of the answer are shown: ``columns`` (all when omitted), rows with the values in ``only`` (column to
            list of values), and of these the first ``rows``.
        compiled: folder of the compiled analyses.

    Raises:
        FileNotFoundError: when an analysis was not compiled yet (`dbt compile`).
    """
    lines = ["# Analyses 分析", "", NOTE, "", *questions["introduction"].strip().splitlines(), ""]
    for chapter in questions["chapters"]:
        lines += [f"## {chapter['title']}", ""]
        for question in chapter["questions"]:
            lines += [f"### {question['title']}", "", *question["text"].strip().splitlines(), ""]
            if "analysis" in question:
                statement = (compiled / f"{question['analysis']}.sql").read_text(encoding="utf-8")
                answer = layer.sql(statement)
                name = question["analysis"]
                lines += [f"[analyses/{name}.sql](../analyses/{name}.sql):", ""]
            else:
                order = question.get("order_by") or question["group_by"]
                answer = layer.query(
                    question["metrics"], question["group_by"], question.get("where", ()), order_by=order
                )
                lines += ["```sh", _command(question), "```", ""]
            lines += [*_table(_part(answer, question), question.get("rows", 12)), ""]
    return "\n".join(lines).rstrip() + "\n"


ALARMS = {
    "quarantines": "the row is set aside",
    "fails": "a data test",
    "stops": "the build stops",
    "expectation": "a check at the boundary",
    "unknown": "the metrics are unknown, not zero",
    "unchanged": "no alarm is needed: the numbers stay",
}


def _alarm(fault: dict[str, Any]) -> str:
    """What rings for a fault, in one cell of a table."""
    kind = next(kind for kind in ALARMS if kind in fault)
    detail = fault[kind]
    if kind == "quarantines":
        return f"{ALARMS[kind]}: `{detail['column']}`: {detail['reason']}"
    if kind in ("unknown", "unchanged"):
        return f"{ALARMS[kind]}: " + ("all marts" if detail == "everything" else ", ".join(f"`{m}`" for m in detail))
    return f"{ALARMS[kind]}: " + (f"`{detail}`" if kind == "fails" else detail)


def alarms_page(faults: list[dict[str, Any]]) -> str:
    """The faults that are tried and the alarm that rings for each, by danger.

    Args:
        faults: content of ``tests/faults/faults.yml``.
    """
    dangers: dict[str, list[dict[str, Any]]] = {}
    for fault in faults:
        dangers.setdefault(fault["danger"], []).append(fault)
    lines = [
        "# Faults and alarms 数据故障与告警",
        "",
        NOTE,
        "",
        f"{len(faults)} faults, put into the golden exports one at a time by `make test-faults`, those of the boundary",
        "into the exports of the demo. Each rings the alarm that is named, or provably changes nothing.",
        "",
        "| what rings | faults |",
        "|---|---:|",
    ]
    lines += [f"| {text} | {sum(kind in fault for fault in faults)} |" for kind, text in ALARMS.items()]
    for danger, tried in sorted(dangers.items()):
        lines += ["", f"## {danger.capitalize()}", "", "| fault | exports | what rings |", "|---|---|---|"]
        for fault in tried:
            exports = ", ".join(f"`{name}`" for name in sorted({change["export"] for change in fault["change"]}))
            lines.append(f"| {fault['fault']} | {exports} | {_alarm(fault)} |")
    return "\n".join(lines) + "\n"


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def made_pages(project: Path) -> dict[Path, str]:
    """What the pages should hold now, by path; nothing is written."""
    layer = SemanticLayer(project)
    manifest = json.loads((project / "target" / "manifest.json").read_text(encoding="utf-8"))
    questions = _read(project / "docs" / "analyses.yml")
    compiled = project / "target" / "compiled" / "community_metrics" / "analyses"
    return {
        project / "docs" / "metrics.md": metrics_page(layer, manifest),
        project / "docs" / "identities.md": identities_page(manifest),
        project / "docs" / "analyses.md": analyses_page(layer, questions, compiled),
        project / "docs" / "alarms.md": alarms_page(_read(project / "tests" / "faults" / "faults.yml")),
        project / "docs" / "exports.md": exports_page(load_contracts().values(), read_needs(project)),
    }


if __name__ == "__main__":
    for path, text in made_pages(Path.cwd()).items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(Path.cwd())}")
