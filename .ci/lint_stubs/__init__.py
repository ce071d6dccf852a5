"""What sqlfluff's jinja templater puts where a model calls a macro: the call itself, written as SQL.

What a macro writes is never linted, it only has to be parsed, again and again: compiled by dbt, the base models are
several times as long and take several times as long to lint. What the models say themselves is linted as before. That
models and macros compile to SQL that runs is shown by the build.
"""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
VARS = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def as_call(name, arguments):
    """``name(argument, …)``; what is no expression of its own, a delimiter or a format, becomes a text."""
    parts = [part for given in arguments for part in (given if isinstance(given, list | tuple) else [given])]
    texts = [f"'{part}'" if "%" in str(part) or not re.search(r"\w", str(part)) else str(part) for part in parts]
    return f"{name}({', '.join(texts)})"


def stub(name):
    """A function that writes its own call."""
    return lambda *arguments: as_call(name, arguments)


class Dbt:
    """The macros of dbt itself: ``dbt.dateadd`` and its like."""

    def __getattr__(self, name):
        """Types are words, all else is a call."""
        return (lambda: name.removeprefix("type_")) if name.startswith("type_") else stub(name)


globals().update(
    {
        name: stub(name)
        for path in (ROOT / "macros").glob("*.sql")
        for name in re.findall(r"{%-? macro (\w+)\(", path.read_text(encoding="utf-8"))
    }
)
# a generic test called by name is a query
globals().update(
    {
        f"test_{name}": lambda *_: "select 1 as one"
        for path in (ROOT / "macros").glob("*.sql")
        for name in re.findall(r"{%-? test (\w+)\(", path.read_text(encoding="utf-8"))
    }
)
dbt = Dbt()
# those that stand for something else than one expression
var = VARS.get
raw = '"raw_{}"'.format
export = "(select * from {0})".format
exports_of_metrics = lambda: [("manual__costs", "costs")]  # noqa: E731
first_problem = "first_problem()".format
by_day = lambda column: {}  # noqa: E731
not_materialized = "not materialized".format
lineage_columns = "source_file, source_row, exported_at".format
problem_columns = "problem_column, problem_value, problem_reason".format
