"""Which metrics there are, what they mean, and what they can be split by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kpi.definitions import Definitions, Metric, read_definitions
from kpi.labels import Labels, load_labels
from kpi.query import cache
from kpi.query.names import find_metric, nearest, plain, words_of
from kpi.query.question import GRAINS, QueryError


def find(text: str, project: Path, *, helpers: bool = False, target: str | None = None) -> list[dict[str, Any]]:
    """Metrics by id, label, synonym or stage, in the order of the stages.

    Args:
        text: what is looked for; all metrics when empty. An id, a whole label, or
            a synonym of one metric only finds that metric alone.
        project: folder of the dbt project.
        helpers: look among metrics that only feed others too.
        target: of profiles.yml; that of the environment when omitted.

    Returns:
        For each: ``metric``, ``label``, ``stage``, ``direction``, ``definition``, ``formula``, ``clock`` and
        ``caveats`` in both languages, ``additivity``, ``unit``, ``synonyms``, ``version``, ``source_documents``.

    Raises:
        QueryError: when there is none, with the nearest.
        FileNotFoundError: when the project has not been built.
    """
    definitions, labels = read_definitions(project, target), load_labels(project)
    known = {
        name: metric
        for name, metric in definitions.metrics.items()
        if name not in definitions.private and (helpers or not metric.is_helper or name == text)
    }
    asked = plain(text)
    words = {name: [plain(word) for word in words_of(metric, labels)] for name, metric in known.items()}
    found = [name for name, said in words.items() if asked in said[:2]]
    exact = [name for name, said in words.items() if asked in said]
    if not found and len(exact) == 1:
        found = exact
    if not found:
        stages = {name for name, pair in labels.stages.items() if asked in map(plain, (name, *pair))}
        found = [
            name
            for name, metric in known.items()
            if metric.meta["stage"] in stages or any(asked in word for word in words[name])
        ]
    if not found:
        near = nearest(text, {name: words_of(metric, labels) for name, metric in known.items()})
        meant = "".join(f"\n  {name}  {known[name].label}" for name in near)
        raise QueryError(f"{text}: 没有此指标 no such metric." + (f" Did you mean 是否指:{meant}" if near else ""))
    order = list(labels.stages)
    found.sort(key=lambda name: (order.index(known[name].meta["stage"]), name))
    return [_told(known[name], labels) for name in found]


def possible(words: Sequence[str], project: Path, target: str | None = None) -> dict[str, Any]:
    """What metrics can be split by, all of them together.

    Returns:
        ``metrics``: ids; ``dimensions``: ``name``, ``zh`` and ``en`` of each; ``grains``: periods, the shortest first.

    Raises:
        QueryError: when a word is no metric.
        FileNotFoundError: when the project has not been built.
    """
    folder, key = cache.cache_folder(), cache.key_of(["dimensions", *words], cache.depends_on(project, target))
    found = cache.read_entry(folder, key)
    if found is None:
        from kpi.semantic import SemanticLayer

        layer, labels = SemanticLayer(project, target=target), load_labels(project)
        definitions = Definitions(layer.manifest)
        metrics = list(dict.fromkeys(find_metric(word, definitions, labels) for word in words))
        layer = layer.narrowed(definitions.only(metrics))
        finest = layer.finest_grain(*metrics)
        found = {
            "metrics": metrics,
            "dimensions": [
                {"name": name, "zh": labels.column(name), "en": labels.column(name, lang="en")}
                for name in layer.dimensions(*metrics)
            ],
            "grains": list(GRAINS[GRAINS.index(finest) :]),
        }
        cache.write_entry(folder, key, found)
    return found


def _told(metric: Metric, labels: Labels) -> dict[str, Any]:
    words, meta = labels.metrics.get(metric.name), metric.meta
    clock = metric.parts.get("Clock", meta.get("clock", ""))
    return {
        "metric": metric.name,
        "label": {"zh": metric.label, "en": words.en if words else metric.name},
        "stage": _both(labels.stages[meta["stage"]]),
        "direction": _both(labels.directions[str(meta["direction"])]),
        "definition": _both((metric.definition_zh, metric.definition)),
        "formula": _both((metric.formula_zh, metric.formula)),
        "clock": _both((metric.parts_zh.get("Clock", clock), clock)),
        "caveats": _both((metric.caveats_zh, metric.caveats)),
        "additivity": meta["additivity"],
        "unit": metric.unit,
        "synonyms": list(words.synonyms) if words else [],
        "version": meta["version"],
        "source_documents": list(meta["source_documents"]),
    }


def _both(pair: tuple[str, str]) -> dict[str, str]:
    return {"zh": pair[0], "en": pair[1]}
