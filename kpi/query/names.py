"""From the words of whoever asks to ids: of metrics by id, label or synonym, of dimensions by name or label."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from kpi.definitions import Definitions, Metric
from kpi.labels import Labels
from kpi.query.question import GRAINS, QueryError

NEAREST = 5


def plain(word: str) -> str:
    """A word without what makes no difference: width of letters, capitals, blanks, underscores."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(letter for letter in folded if not letter.isspace() and letter not in "_-")


def words_of(metric: Metric, labels: Labels) -> list[str]:
    """Everything by which a metric is known: id, labels, synonyms."""
    own = labels.metrics.get(metric.name)
    bare = metric.label.partition("（")[0]
    return [metric.name, metric.label, bare, *([own.en, *own.synonyms] if own else ())]


def find_metric(word: str, definitions: Definitions, labels: Labels) -> str:
    """The id of the metric that a word stands for.

    Raises:
        QueryError: when it stands for none, with the nearest, or for several, with all of them.
    """
    if word in definitions.metrics and word not in definitions.private:
        return word
    asked = plain(word)
    for group in (definitions.catalogue, _helpers(definitions)):
        known = {name: list(map(plain, words_of(metric, labels))) for name, metric in group.items()}
        for matches in (
            [name for name, said in known.items() if asked in said[:2]],  # its id or its whole label
            [name for name, said in known.items() if asked in said],
        ):
            if len(matches) == 1:
                return matches[0]
            if matches:
                raise QueryError(f"{word} 不止一个 is several metrics; name one:\n{_listed(matches, definitions)}")
    if word in labels.metrics or asked in {plain(known.en) for known in labels.metrics.values()}:
        raise QueryError(f"{word}: 在目录中,尚未实现 is in the catalogue and still to come")
    near = nearest(word, {name: words_of(metric, labels) for name, metric in definitions.catalogue.items()})
    near = near or nearest(word, {name: [name, metric.label] for name, metric in _helpers(definitions).items()})
    meant = f" Did you mean 是否指:\n{_listed(near, definitions)}" if near else ""
    raise QueryError(f"{word}: 没有此指标 no such metric; `kpi metrics` lists them.{meant}")


def nearest(word: str, known: Mapping[str, Iterable[str]]) -> list[str]:
    """The keys whose words are most like a word, the best first: parts of each other, then by difflib's ratio."""
    asked = plain(word)
    scores = {}
    for name, said in known.items():
        for other in filter(None, map(plain, said)):
            alike = difflib.SequenceMatcher(None, asked, other).ratio()
            if len(asked) > 1 and len(other) > 1 and (asked in other or other in asked):
                alike += 0.3
            scores[name] = max(scores.get(name, 0), alike)
    best = sorted(scores, key=lambda name: (-scores[name], name))
    return [name for name in best if scores[name] >= 0.55][:NEAREST]


def find_dimension(word: str, known: Iterable[str], labels: Labels) -> str | None:
    """The dimension among ``known`` that a word stands for: its name, the end of its name, or a label; None if none.

    Raises:
        QueryError: when it stands for several.
    """
    known = list(known)
    if word in known:
        return word
    asked = plain(word)
    ends = [name for name in known if plain(name.rpartition("__")[2]) == asked]
    named = [name for name in known if asked in map(plain, (labels.column(name), labels.column(name, lang="en")))]
    for matches in (named, ends):
        short = [name for name in matches if name.count("__") == min(other.count("__") for other in matches)]
        if len(short) == 1:
            return short[0]
        if short:
            raise QueryError(f"{word} 不止一个 is several dimensions; name one: {', '.join(short)}")
    return None


def cannot_split(
    word: str, metrics: Sequence[str], possible: Sequence[str], everywhere: Iterable[str], labels: Labels
) -> QueryError:
    """What is said when metrics cannot be split by something: whether it exists, and what is possible for all."""
    exists = find_dimension(word, everywhere, labels)
    together = "all of them 共同" if len(metrics) > 1 else "it 该指标"
    lines = [
        f"{', '.join(metrics)}: 不能按 {word} 拆分 cannot be split by {exists or word}."
        if exists
        else f"{word}: 没有此维度 no such dimension."
    ]
    if not exists and (near := nearest(word, {name: _names(name, labels) for name in everywhere})):
        lines.append(f"Did you mean 是否指: {', '.join(near)}?")
    lines.append(f"Possible for {together}: metric_time (--grain {'|'.join(GRAINS)})")
    lines += [f"  {name}  {labels.column(name)} {labels.column(name, lang='en')}" for name in possible]
    return QueryError("\n".join(lines))


def _names(name: str, labels: Labels) -> list[str]:
    return [name, name.rpartition("__")[2], labels.column(name), labels.column(name, lang="en")]


def _helpers(definitions: Definitions) -> dict[str, Metric]:
    private = definitions.private
    return {name: metric for name, metric in definitions.metrics.items() if metric.is_helper and name not in private}


def _listed(names: Iterable[str], definitions: Definitions) -> str:
    return "\n".join(f"  {name}  {definitions.metrics[name].label}" for name in names)
