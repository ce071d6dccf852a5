"""Filters as people write them, ``社群类型 = '福利群'``, in the form that MetricFlow reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kpi.labels import Labels, Pair
from kpi.query.question import GRAINS, QueryError

# text in quotes, a name in quotes, a name, a number, or any other sign
_TOKEN = re.compile(r"""('(?:[^']|'')*')|("(?:[^"]|"")*")|([^\W\d]\w*)|(\d+(?:\.\d+)?)|(\s+)|(.)""", re.S)
_WORDS = frozenset(
    (
        *("and", "or", "not", "in", "is", "null", "like", "ilike", "escape", "between", "true", "false"),
        *("case", "when", "then", "else", "end", "cast", "as", "date", "timestamp", "integer", "varchar", "double"),
    )
)
_OPEN_END = re.compile(r"([=<>+*/,-]|\b(and|or|not|in|is|i?like|between))\s*$", re.I)
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
    if text.count("'") % 2 or text.count("(") != text.count(")"):
        raise QueryError(f"--where {text}: a quote or bracket is not closed")
    if not text.strip() or _OPEN_END.search(text):
        raise QueryError(f"--where {text}: 不完整 something is missing at the end, e.g. community_type = '福利群'")
    tokens = list(_TOKEN.finditer(text))
    made, dimension = [], ""
    for at, token in enumerate(tokens):
        literal, quoted, name, *_ = token.groups()
        if literal and (before := _compared_at(tokens, at)) is not None:
            made.append(literal)
            made[before:] = [_like(made[before:], literal, dimension, labels)] + [""] * (at - before)
        elif literal:
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
    return "".join(made)


def dimensions_in(condition: str) -> set[str]:
    """The dimensions that a filter in MetricFlow's form names."""
    return set(_DIMENSION.findall(condition))


def _follows(tokens: list[re.Match[str]], at: int) -> str:
    return next((token[0] for token in tokens[at + 1 :] if not token[0].isspace()), "")


def matching(pattern: str, operator: str, values: Mapping[str, Pair]) -> list[str]:
    """The codes whose label, in either language, is like a pattern of SQL.

    Args:
        pattern: with ``%`` and ``_``.
        operator: ``like``, or ``ilike`` for which capitals make no difference.
        values: codes and their labels.
    """
    signs = {"%": ".*", "_": "."}
    like = re.compile(
        "".join(signs.get(letter, re.escape(letter)) for letter in pattern),
        re.S | (re.I if operator == "ilike" else re.NOFLAG),
    )
    return [code for code, pair in values.items() if any(map(like.fullmatch, pair))]


def _compared_at(tokens: list[re.Match[str]], at: int) -> int | None:
    """Where that begins which is compared with a pattern; None where the token is no pattern."""
    before = [i for i in range(at) if not tokens[i][0].isspace()]
    if len(before) < 2 or tokens[before[-1]][0].lower() not in ("like", "ilike"):
        return None
    is_negated = len(before) > 2 and tokens[before[-2]][0].lower() == "not"
    return None if _follows(tokens, at).lower() == "escape" else before[-3 if is_negated else -2]


def _like(made: list[str], literal: str, dimension: str, labels: Labels) -> str:
    """A comparison with a pattern; whoever sees labels means them, the rows hold codes."""
    known, (compared, *words) = labels.dimensions.get(dimension), [word for word in made if not word.isspace()]
    operator, is_negated = words[-2].lower(), words[0].lower() == "not"
    pattern = literal[1:-1].replace("''", "'")
    codes = matching(pattern, operator, known.values) if known else []
    if not codes:
        return "".join(made)
    if not compared.startswith("{{"):
        if matching(pattern, operator, {code: (code, code) for code in known.values}):
            return "".join(made)
        raise QueryError(
            f"--where … {operator} {literal}: 名称只能直接比较 labels are compared as they are, not in a function: "
            f"{dimension} {'not ' * is_negated}{operator} {literal}"
        )
    listed = ", ".join("'" + code.replace("'", "''") + "'" for code in codes)
    if is_negated:
        return f"({''.join(made)} and {compared} not in ({listed}))"
    return f"({''.join(made)} or {compared} in ({listed}))"


def _value(literal: str, dimension: str, labels: Labels) -> str:
    """A text of a filter; the label of a code becomes the code."""
    said = literal[1:-1].replace("''", "'")
    values = labels.dimensions[dimension].values if dimension in labels.dimensions else {}
    codes = [code for code, pair in values.items() if said in pair]
    return literal if said in values or len(codes) != 1 else "'" + codes[0].replace("'", "''") + "'"
