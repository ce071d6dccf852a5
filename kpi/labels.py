"""Labels in Chinese and English, and synonyms: what ``kpi/labels.yml`` and the look-ups of ``seeds/reference`` say.

Chinese labels of metrics stand in the definitions themselves (``kpi.definitions``).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("labels.yml")
REFERENCE = Path("seeds") / "reference"

Pair = tuple[str, str]  # Chinese, English


@dataclass(frozen=True)
class MetricLabels:
    """The words for a metric beside its Chinese label.

    Attributes:
        en: English label.
        synonyms: words by which people look for it.
    """

    en: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class DimensionLabels:
    """The words for a dimension.

    Attributes:
        zh: Chinese label.
        en: English label.
        is_ordered: whether its values have an order of their own, which is that of ``values`` where they are codes.
        values: of codes, what they mean, in Chinese and English; empty where values are names already.
    """

    zh: str
    en: str
    is_ordered: bool = False
    values: Mapping[str, Pair] = field(default_factory=dict)

    @property
    def ordered(self) -> bool:
        """The same as ``is_ordered``."""
        return self.is_ordered


@dataclass(frozen=True)
class Labels:
    """All labels.

    Attributes:
        metrics: by metric id.
        dimensions: by MetricFlow's name, e.g. ``community__community_type``.
        stages: of metrics, in the order of the journey.
        grains: ``day`` to ``year``.
        directions: which way is better.
    """

    metrics: Mapping[str, MetricLabels]
    dimensions: Mapping[str, DimensionLabels]
    stages: Mapping[str, Pair]
    grains: Mapping[str, Pair]
    directions: Mapping[str, Pair]

    def column(self, name: str, chinese: str = "", lang: str = "zh") -> str:
        """The label of a column of an answer.

        Args:
            name: metric id or group-by, e.g. ``metric_time__month``; another one is given back as it is.
            chinese: label of the metric in its definition.
            lang: ``zh`` or ``en``.
        """
        at = 0 if lang == "zh" else 1
        if name in self.metrics or chinese:
            english = self.metrics[name].en if name in self.metrics else name
            return (chinese or name, english)[at]
        stem, _, last = name.rpartition("__")
        if stem in self.dimensions and last in self.grains:
            return self.grains[last][at] if stem == "metric_time" else f"{self._dimension(stem)[at]} {self.grains[last][at]}"
        return self._dimension(name)[at]

    def _dimension(self, name: str) -> Pair:
        found = self.dimensions.get(name)
        return (found.zh, found.en) if found else (name, name)


@cache
def load_labels(project: Path | str = ".", file: Path = FILE) -> Labels:
    """Read the labels.

    Args:
        project: folder of the dbt project, where the look-ups are.
        file: the labels.

    Raises:
        ValueError: when a look-up that the file names is missing.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where it is compiled
    said = yaml.load(file.read_text(encoding="utf-8"), loader)
    folder = Path(project) / REFERENCE
    pairs = {kind: {str(k): tuple(v) for k, v in said[kind].items()} for kind in ("stages", "grains", "directions")}
    return Labels(
        metrics={
            name: MetricLabels(words["en"], tuple(map(str, words.get("synonyms", ()))))
            for name, words in said["metrics"].items()
        },
        dimensions={
            name: DimensionLabels(words["zh"], words["en"], words.get("is_ordered", False), _values(words, folder))
            for name, words in said["dimensions"].items()
        },
        **pairs,
    )


def _values(words: dict[str, Any], folder: Path) -> dict[str, Pair]:
    values = words.get("values", {})
    if isinstance(values, str):
        values = _look_up(folder / f"{values}.csv")
    values = {**values, **words.get("more", {})}
    return {str(code): (str(zh), str(en)) for code, (zh, en) in values.items()}


@cache
def _look_up(file: Path) -> dict[str, Pair]:
    """A look-up of ``seeds/reference``: its first column is the code."""
    try:
        with file.open(encoding="utf-8", newline="") as rows:
            read = list(csv.DictReader(rows))
    except FileNotFoundError as error:
        raise ValueError(f"{file}: a look-up that kpi/labels.yml names is missing") from error
    read.sort(key=lambda row: int(row.get("sort_order") or 0))
    return {next(iter(row.values())): (row["label_zh"], row["label_en"]) for row in read}
