"""The commands ``kpi query``, ``kpi metrics`` and ``kpi dimensions``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpi.query.question import QueryError, Question, Shape, split

Lang = Annotated[str, typer.Option("--lang", help="zh or en 语言.")]
TargetName = Annotated[
    str | None,
    typer.Option("--target", help="Target of profiles.yml 目标引擎 (default COMMUNITY_METRICS_TARGET, else duckdb)."),
]


def query_command(
    metrics: Annotated[
        list[str], typer.Argument(help="Metrics by id or label 指标(编号或中文名).", show_default=False)
    ],
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Split by a dimension 拆分维度; repeat or use commas.")
    ] = None,
    grain: Annotated[str | None, typer.Option("--grain", help="day, week, month, quarter or year 周期.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day that counts 起始日, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day that counts 截止日, YYYY-MM-DD.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="Filter 过滤, e.g. \"community_type = '福利群'\"; MetricFlow's form too."),
    ] = None,
    order: Annotated[list[str] | None, typer.Option("--order", help="Sort by 排序, -name for descending.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Rows at most 行数上限.")] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="table, csv, json or parquet; that of --out when omitted.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", help="Labels in zh or en; CSV is headed by ids without it.")
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Show the SQL; run nothing 只显示 SQL.")] = False,
    out: Annotated[str | None, typer.Option("--out", help="Write to a file instead 输出文件.")] = None,
    target: TargetName = None,
) -> None:
    """Ask the semantic layer 查询指标: kpi query 留存率 members --grain month --by 社群类型."""
    from kpi.query.run import answer

    question = Question(
        split(metrics), split(by or []), grain, start, end, tuple(where or ()), split(order or []), limit, target
    )
    raise typer.Exit(answer(question, Shape(form, lang, sql, out), Path.cwd()))


def metrics_command(
    text: Annotated[
        str, typer.Argument(help="Id, label, synonym or stage 编号、名称、别名或阶段; all when omitted.")
    ] = "",
    helpers: Annotated[bool, typer.Option("--helpers", help="Metrics that only feed others too 含辅助指标.")] = False,
    lang: Lang = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    target: TargetName = None,
) -> None:
    """Find metrics and what they mean 查找指标: kpi metrics 留存."""
    from kpi.query import catalogue

    with _said_plainly():
        found = catalogue.find(text, Path.cwd(), helpers=helpers, target=target)
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        elif len(found) == 1:
            found[0]["dimensions"] = catalogue.possible([found[0]["metric"]], Path.cwd(), target)["dimensions"]
            _print_metric(found[0], lang)
        else:
            _print_metrics(found, lang)


def dimensions_command(
    metrics: Annotated[list[str], typer.Argument(help="Metrics by id or label 指标.", show_default=False)],
    lang: Lang = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    target: TargetName = None,
) -> None:
    """List what metrics can be split by, all of them together 可用维度."""
    from kpi.query import catalogue

    with _said_plainly():
        found = catalogue.possible(split(metrics), Path.cwd(), target)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    table = _table("--by", "维度" if lang == "zh" else "dimension", title=", ".join(found["metrics"]))
    for dimension in found["dimensions"]:
        table.add_row(dimension["name"], dimension[lang])
    Console().print(table)
    Console().print(f"--grain {'|'.join(found['grains'])}", highlight=False, markup=False)


def _table(*heads: str, **options: Any) -> Table:
    """A table that cuts nothing: what is to be typed stays in one piece, the rest is folded."""
    table = Table(**options)
    for at, head in enumerate(heads):
        table.add_column(head, no_wrap=at == 0, overflow="fold")
    return table


def _print_metrics(found: list[dict[str, Any]], lang: str) -> None:
    heads = ("指标", "名称", "阶段", "方向") if lang == "zh" else ("metric", "label", "stage", "better")
    table = _table(*heads)
    for item in found:
        table.add_row(item["metric"], *(item[name][lang] for name in ("label", "stage", "direction")))
    Console().print(table)


def _print_metric(item: dict[str, Any], lang: str) -> None:
    other = "en" if lang == "zh" else "zh"
    heads = {
        "stage": ("阶段", "stage", item["stage"][lang]),
        "definition": ("定义", "definition", item["definition"][lang]),
        "formula": ("公式", "formula", item["formula"][lang]),
        "clock": ("时间口径", "clock", item["clock"][lang]),
        "caveats": ("注意", "caveats", item["caveats"][lang]),
        "additivity": ("可加性", "additivity", item["additivity"]),
        "unit": ("单位", "unit", item["unit"]),
        "direction": ("方向", "better", item["direction"][lang]),
        "synonyms": ("别名", "synonyms", "、".join(item["synonyms"])),
        "splits": ("可拆分", "split by", "\n".join(f"{d['name']}  {d[lang]}" for d in item["dimensions"])),
        "sources": ("来源文档", "source documents", ", ".join(item["source_documents"])),
        "version": ("版本", "version", str(item["version"])),
    }
    title = Text(f"{item['label'][lang]} {item['label'][other]} ({item['metric']})")
    table = _table("", "", show_header=False, title=title)
    for chinese, english, said in heads.values():
        if said:
            table.add_row(chinese if lang == "zh" else english, Text(said))
    Console().print(table)


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Errors without a traceback. Exit code 2."""
    try:
        yield
    except (QueryError, FileNotFoundError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error
