"""The pages of both boundaries: an index of our own, and Great Expectations' page of each table, readable offline.

Great Expectations' pages load scripts, styles, fonts and images of other hosts; without a network its index is blank.
What an offline reader needs are the words and the tables: all else is taken out, and one small style put in.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment

if TYPE_CHECKING:
    from kpi.boundaries.run import Report

HERE = Path(__file__).parent
# parts of a page that fetch something, or that only make sense with what was fetched
REMOTE = re.compile(
    r"<(script|style|footer|nav)\b.*?</\1>|<(?:link|img|meta)\b[^>]*>|\sstyle=\"[^\"]*\"",
    re.DOTALL | re.IGNORECASE,
)


def localised(page: str, style: str) -> str:
    """A page of Great Expectations that asks for nothing but itself."""
    head = f'<head><meta charset="utf-8"><style>{style}</style>'
    return REMOTE.sub("", page).replace("<head>", head, 1)


def write_pages(folder: Path, made: Path, report: Report) -> Path:
    """Write ``index.html`` and one page a table.

    Args:
        folder: where the pages go.
        made: where Great Expectations wrote its sites, one folder a boundary.
        report: what came of the checks.

    Returns:
        The path of the index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    style = (HERE / "pages.css").read_text(encoding="utf-8")
    tables = []
    for result in report.results:
        name = result.suite_name
        tables.append((name, len(result.results), sum(single.success for single in result.results)))
        own = (made / name.split(".")[0] / "validations").joinpath(*name.split("."))
        page = next(own.rglob("*.html")).read_text(encoding="utf-8")
        (folder / f"{name}.html").write_text(localised(page, style), encoding="utf-8")
    template = Environment(autoescape=True).from_string((HERE / "index.html.j2").read_text(encoding="utf-8"))
    index = folder / "index.html"
    index.write_text(template.render(style=style, report=report, tables=tables), encoding="utf-8")
    return index
