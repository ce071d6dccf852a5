"""Truth of consent and of refused profiling: the rules read out word by word, without SQL."""

from __future__ import annotations

from datetime import date

import numpy as np

from kpi.generate.privacy import AGREE, DISAGREE, Privacy
from kpi.generate.world import World


def may_read(privacy: Privacy, person: int, ms: int) -> bool:
    """Whether the words of a person could be read at an instant (epoch ms): agreed somewhere, refused nowhere."""
    if person not in privacy.apart:
        return ms >= int(privacy.asked[person]) * 1000
    last: dict[int, tuple[int, str]] = {}
    for word in (*privacy.words, *(word for word, _ in privacy.archived)):
        if word.person == person and word.at * 1000 <= ms:
            last[word.comm] = max(last.get(word.comm, (0, "")), (word.at, word.status))
    now = {status for _, status in last.values()}
    return AGREE in now and DISAGREE not in now


def readable(w: World, privacy: Privacy, sender: np.ndarray, ms: np.ndarray) -> np.ndarray:
    """(n,) bool per message; staff and bots (indices from ``n_people`` on) are not asked."""
    people = sender < w.n_people
    out = ~people | (ms >= privacy.asked[np.where(people, sender, 0)] * 1000)
    for at in np.flatnonzero(np.isin(sender, sorted(privacy.apart))).tolist():
        out[at] = may_read(privacy, int(sender[at]), int(ms[at]))
    return out


def has_refused(privacy: Privacy, person: int, day: date) -> bool:
    """Whether a person is not to be profiled at the end of a day."""
    said = sorted((choice.day, choice.refuses) for choice in privacy.choices if choice.person == person)
    return [refuses for at, refuses in said if at <= day][-1:] == [True]
