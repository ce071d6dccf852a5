"""Filters as people write them, ``社群类型 = '福利群'``, in the form that MetricFlow reads."""

from __future__ import annotations

import re
from collections.abc import Callable

from kpi.labels import Labels
from kpi.query.question import GRAINS, QueryError

# text in quotes, a name in quotes, a name, a number, or any other sign
_TOKEN = re.compile(r"""('(?:[^']|'')*')|("(?:[^"]|"")*")|([^\W\d]\w*)|(\d+(?:\.\d+)?)|(\s+)|(.)""", re.S)
_WORDS = frozenset(
    (
        *("and", "or", "not", "in", "is", "null", "like", "ilike", "escape", "between", "true", "false"),
        *("case", "when", "then", "else", "end", "cast", "as", "date", "timestamp", "integer", "varchar", "double"),
    )
)
_DIMENSION = re.compile(r"(?:Time)?Dimension\(\s*'([^']+)'")


def translate(text: str, find: Callable[[str], str], entities: frozenset[str], labels: Labels) -> str:
    """A filter in MetricFlow's form; one that is in it already stays.

    Args:
        text: e.g. ``community__community_type = '福利群' and message_hour__sent_hour >= 20``.
        find: the dimension that a word stands for; raises QueryError where there is none.
        entities: names of keys, such as ``community``.
        labels: for values that are given by their label.

    Raises:
        QueryError: when a name is not known or the text is no condition.
    """
    if "{{" in text:
        return text
    if "{" in text or ";" in text or "--" in text or "/*" in text:
        raise QueryError(f"--where {text}: a condition without {{, ; and comments, e.g. community_type = '福利群'")
    tokens = list(_TOKEN.finditer(text))
    made, dimension = [], ""
    for at, token in enumerate(tokens):
        literal, quoted, name, *_ = token.groups()
        if literal:
            made.append(_value(literal, dimension, labels))
        elif quoted or name:
            word = quoted[1:-1].replace('""', '"') if quoted else name
            if name and (word.lower() in _WORDS or _follows(tokens, at) == "("):
                made.append(word)
                if word.lower() in ("and", "or"):
                    dimension = ""
                continue
            stem, _, grain = word.rpartition("__")
            if stem == "metric_time" and grain in GRAINS:
                made.append(f"{{{{ TimeDimension('metric_time', '{grain}') }}}}")
            elif word in entities:
                made.append(f"{{{{ Entity('{word}') }}}}")
            else:
                dimension = find(word)
                made.append(f"{{{{ Dimension('{dimension}') }}}}")
        else:
            made.append(token[0])
    if text.count("'") % 2 or text.count("(") != text.count(")"):
        raise QueryError(f"--where {text}: a quote or bracket is not closed")
    return "".join(made)


def dimensions_in(condition: str) -> set[str]:
    """The dimensions that a filter in MetricFlow's form names."""
    return set(_DIMENSION.findall(condition))


def _follows(tokens: list[re.Match[str]], at: int) -> str:
    return next((token[0] for token in tokens[at + 1 :] if not token[0].isspace()), "")


def _value(literal: str, dimension: str, labels: Labels) -> str:
    """A text of a filter; the label of a code becomes the code."""
    said = literal[1:-1].replace("''", "'")
    values = labels.dimensions[dimension].values if dimension in labels.dimensions else {}
    codes = [code for code, pair in values.items() if said in pair]
    return literal if said in values or len(codes) != 1 else "'" + codes[0].replace("'", "''") + "'"
