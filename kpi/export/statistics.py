"""Intervals of proportions."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


def wilson(successes: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Wilson's score interval of a proportion, without continuity correction.

    The proportions p that a two-sided z test does not reject at the observed share: the solutions of
    |share - p| = z * sqrt(p * (1 - p) / n). Never beyond 0 and 1, and of use for few trials. E. B. Wilson, "Probable
    Inference, the Law of Succession, and Statistical Inference", Journal of the American Statistical Association 22
    (1927), 209-212; recommended by Brown, Cai and DasGupta, Statistical Science 16 (2001), 101-133.

    Args:
        successes: how many did, 0 to ``trials``.
        trials: how many could; taken to be independent of one another.
        confidence: of the interval, within 0 and 1.

    Returns:
        Lower and upper bound; None without trials.

    Raises:
        ValueError: for successes outside of 0 to trials.
    """
    if trials == 0:
        return None
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no proportion")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    middle = share + z * z / (2 * trials)
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    # the bounds of none and of all are exactly 0 and 1, which rounding would miss
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == trials else (middle + spread) / scale
    return low, high
