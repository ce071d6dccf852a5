"""Exact decompositions: the parts of a change add up to the change, and what is left over is a part with a name.

**Sums.** The change of a sum is the sum of the changes of its groups.

**Ratios.** With the weight ``w = d / D`` and the rate ``r = n / d`` of each group, a ratio is ``R = sum(w * r)``, and

    change of R = sum(mean(r) - mean(R)) * change of w   (mix)
                + sum(mean(w) * change of r)             (rate)

with means over the two periods: Kitagawa (1955), "Components of a Difference Between Two Rates", JASA 50, after
Bennet (1920); it is the Shapley value of the two factors, so neither goes first. Taking ``mean(R)`` off changes
nothing in sum, as the weights add up to 1 in both periods: a group gains by growing only if it is better than the
whole. A group of one period has no rate in the other: all it does is mix.

**What does not add up.** One person may be in several groups. Then the groups together are something else than the
whole; how their difference moved is the part ``rest``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

NEGLIGIBLE = 1e-9


class CannotDecompose(Exception):
    """Why a change cannot be split, in Chinese and in English.

    Attributes:
        zh: the reason in Chinese.
        en: the reason in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Cell:
    """A figure of a group or of the whole.

    Attributes:
        value: the figure; None when it is not known.
        numerator: of a ratio.
        denominator: of a ratio; 0 is known, and has no value.
    """

    value: float | None
    numerator: float | None = None
    denominator: float | None = None


@dataclass(frozen=True)
class Effect:
    """What one group contributes to a change.

    Attributes:
        group: value of the dimension; None for the rest.
        kind: ``level`` (of a sum), ``mix``, ``rate`` (of a ratio) or ``rest``.
        effect: in the unit of the metric.
        before, after: the group's figure (of ``mix`` its weight); None where the group was not there.
    """

    group: str | None
    kind: str
    effect: float
    before: float | None = None
    after: float | None = None


Groups = Mapping[str | None, Cell]


def sums(before: Groups, after: Groups, whole_before: Cell, whole_after: Cell) -> list[Effect]:
    """Split the change of a sum, or of a count of persons, into those of its groups.

    Args:
        before: groups of the first period; a group that is missing has nothing of the whole.
        after: groups of the second period.
        whole_before: the undivided figure of the first period.
        whole_after: that of the second.

    Raises:
        CannotDecompose: when a figure is not known.
    """
    change = _known(whole_after) - _known(whole_before)
    effects = []
    for group in _union(before, after):
        first = _known(before[group]) if group in before else None
        second = _known(after[group]) if group in after else None
        effects.append(Effect(group, "level", (second or 0.0) - (first or 0.0), first, second))
    return _with_rest(effects, change)


def ratios(before: Groups, after: Groups, whole_before: Cell, whole_after: Cell) -> list[Effect]:
    """Split the change of a ratio into mix and rate of its groups; arguments as of ``sums``.

    Raises:
        CannotDecompose: when a numerator or denominator is not known, or the figure is not their quotient.
    """
    for whole in (whole_before, whole_after):
        numerator, denominator = _parts(whole)
        if not denominator or not math.isclose(_known(whole), numerator / denominator, rel_tol=1e-6, abs_tol=1e-12):
            raise CannotDecompose("数值不是分子除以分母", "the figure is not numerator over denominator")
    change = _known(whole_after) - _known(whole_before)
    first = {group: _parts(cell) for group, cell in before.items()}
    second = {group: _parts(cell) for group, cell in after.items()}
    totals = [
        (math.fsum(n for n, _ in groups.values()), math.fsum(d for _, d in groups.values()))
        for groups in (first, second)
    ]
    if any(denominator <= 0 for _, denominator in totals):
        raise CannotDecompose("各组分母合计为零", "the denominators of the groups add up to nothing")
    middle = math.fsum(n / d for n, d in totals) / 2
    effects = []
    for group in _union(first, second):
        weights, rates = [], []
        for groups, (_, total) in zip((first, second), totals, strict=True):
            n, d = groups.get(group, (0.0, 0.0))
            if not d and n:
                raise CannotDecompose("有分子而无分母的组", "a group has a numerator and no denominator")
            weights.append(d / total)
            rates.append(n / d if d else None)
        known = [rate for rate in rates if rate is not None]
        if not known:
            continue  # nobody in either period
        mean = math.fsum(known) / len(known)
        effects.append(Effect(group, "mix", (weights[1] - weights[0]) * (mean - middle), *weights))
        moved = rates[1] - rates[0] if len(known) == 2 else 0.0
        effects.append(Effect(group, "rate", math.fsum(weights) / 2 * moved, *rates))
    return _with_rest(effects, change)


def _with_rest(effects: list[Effect], change: float) -> list[Effect]:
    rest = change - math.fsum(part.effect for part in effects)
    scale = max([abs(change), *(abs(part.effect) for part in effects)], default=0.0)
    # below rounding there is no rest
    if abs(rest) > NEGLIGIBLE * max(scale, 1e-12):
        return [*effects, Effect(None, "rest", rest)]
    return effects


def _union(before: Mapping, after: Mapping) -> list[str | None]:
    """All groups in one order, whatever the order they came in."""
    return sorted({*before, *after}, key=lambda group: (group is None, group or ""))


def _known(cell: Cell) -> float:
    if cell.value is None or not math.isfinite(cell.value):
        raise CannotDecompose("有一组的数值未知", "the figure of a group is not known")
    return cell.value


def _parts(cell: Cell) -> tuple[float, float]:
    if cell.numerator is None or cell.denominator is None:
        raise CannotDecompose("有一组的分子或分母未知", "numerator or denominator of a group is not known")
    if cell.denominator < 0:
        raise CannotDecompose("分母为负", "a denominator is negative")
    return cell.numerator, cell.denominator
