"""What people say about their data: consent to the message archive, and refusals of profiling.

Nearly everybody has agreed to the archive when joining: a demo of silent people (``Default_Agree``) would have no
topics and no tone at all, since silence is no consent unless ``accept_default_agree`` says so. A few people who talk
refuse, agree later, withdraw, or never answer; two of those who buy most refuse to be profiled, and one comes back.
One row per person is the smallest list that says so: whoever is missing counts as silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain

import numpy as np

from kpi.generate.clock import DAY, HOUR, local_date, stamp
from kpi.generate.commerce import Commerce
from kpi.generate.contents import Body, archive_places
from kpi.generate.files import Lines, source_file
from kpi.generate.world import World

AGREE, DISAGREE, DEFAULT = "Agree", "Disagree", "Default_Agree"
SINGLE = -1  # a chat with one of the staff, no group
Row = tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """What one person said about the archive of one chat. ``at`` in epoch seconds, ``comm`` SINGLE or a group."""

    person: int
    comm: int
    status: str
    at: int


@dataclass(frozen=True)
class Choice:
    """What one person chose about profiling, from a day on."""

    person: int
    refuses: bool
    day: date


@dataclass
class Privacy:
    """All words and choices of one run.

    asked: (P,) epoch seconds of the first join of a person, at which all but ``apart`` agree in the group ``first``.
    """

    asked: np.ndarray
    first: np.ndarray
    words: list[Word] = field(default_factory=list)
    apart: set[int] = field(default_factory=set)
    choices: list[Choice] = field(default_factory=list)
    archived: list[tuple[Word, Body]] = field(default_factory=list)  # said in a message of the archive


def build_privacy(w: World, c: Commerce, bodies: Iterable[Body], consents: Iterable[Body] = ()) -> Privacy:
    """Who says what. bodies: polls and red packets, whose senders are people who take part.

    consents: messages that say agree or disagree themselves.
    """
    first = np.full(w.n_people, SINGLE, np.int64)
    asked = np.full(w.n_people, w.cfg.h0, np.int64)
    order = np.lexsort((w.comm, w.t_in, w.person))
    person, at = np.unique(w.person[order], return_index=True)
    first[person], asked[person] = w.comm[order][at], w.t_in[order][at]
    made = Privacy(asked, first)
    talkers = sorted({b.sender for b in bodies if 0 <= b.sender < w.n_people and b.sender not in w.roles})
    leaders = sorted(p for p, role in w.roles.items() if role == "kol")
    for tell, p in zip(STORIES, [*leaders[:1], *talkers], strict=False):
        made.apart.add(p)
        made.words += [Word(p, *word) for word in tell(w, int(first[p]), int(asked[p]))]
    for b in consents:
        if b.sender not in made.apart:
            made.apart.add(b.sender)
            made.words.append(Word(b.sender, int(first[b.sender]), AGREE, int(asked[b.sender])))
        made.archived.append((Word(b.sender, b.room, AGREE if b.kind == "agree" else DISAGREE, b.ms // 1000), b))
    _choose(w, c, made)
    return made


def _choose(w: World, c: Commerce, made: Privacy) -> None:
    """Two frequent buyers refuse to be profiled; the second comes back."""
    orders = Counter(o.buyer for o in c.orders if o.buyer >= 0 and o.buyer not in w.roles)
    buyers = sorted(orders, key=lambda p: (-orders[p], p))[:2]
    for p, (refuses_on, returns_on) in zip(buyers, ((45, None), (28, 70)), strict=False):
        start = w.cfg.start
        made.choices.append(Choice(p, True, start + timedelta(days=w.cfg.days * refuses_on // 100)))
        if returns_on:
            made.choices.append(Choice(p, False, start + timedelta(days=w.cfg.days * returns_on // 100)))


def _part(w: World, percent: int) -> int:
    """Midnight of the day at which so much of the run is over."""
    return w.cfg.h0 + w.cfg.days * percent // 100 * DAY


Said = list[tuple[int, str, int]]


def _withdraws(w: World, comm: int, asked: int) -> Said:
    return [(comm, AGREE, asked), (comm, DISAGREE, _part(w, 50))]


def _refuses(w: World, comm: int, asked: int) -> Said:
    return [(comm, DISAGREE, asked)]


def _comes_round(w: World, comm: int, asked: int) -> Said:
    return [(SINGLE, DISAGREE, asked), (SINGLE, AGREE, max(asked, _part(w, 40)) + 9 * HOUR)]


def _refuses_elsewhere(w: World, comm: int, asked: int) -> Said:
    return [(comm, AGREE, asked), (SINGLE, DISAGREE, max(asked, _part(w, 55)) + 20 * HOUR)]


def _answers_late(w: World, comm: int, asked: int) -> Said:
    return [(comm, DEFAULT, asked), (comm, AGREE, max(asked, _part(w, 30)) + 12 * HOUR)]


def _answers_elsewhere(w: World, comm: int, asked: int) -> Said:
    return [(comm, DEFAULT, asked), (SINGLE, AGREE, max(asked, _part(w, 60)) + 10 * HOUR)]


def _never_answers(w: World, comm: int, asked: int) -> Said:
    return [(comm, DEFAULT, asked)]


def _is_not_listed(w: World, comm: int, asked: int) -> Said:
    return []


STORIES = (
    _withdraws,
    _refuses,
    _comes_round,
    _refuses_elsewhere,
    _answers_late,
    _answers_elsewhere,
    _never_answers,
    _is_not_listed,
)


def privacy_rows(w: World, p: Privacy) -> dict[str, Iterator[Row]]:
    """Rows per export name."""
    return {"wecom__consents": _consent_rows(w, p), "manual__profiling_choices": _choice_rows(w, p)}


def _consent_rows(w: World, p: Privacy) -> Iterator[Row]:
    num = Lines("wecom__consents")
    plain = (Word(i, int(p.first[i]), AGREE, int(p.asked[i])) for i in range(w.n_people) if i not in p.apart)
    # a call asks for one chat: what was said in it comes together
    for word in sorted(chain(p.words, plain), key=lambda x: (x.comm, x.at, x.person)):
        yield *_said(w, word), *num.tag(f"consents_{local_date(w.cfg.end):%Y%m%d}", w.cfg.end)
    for word, body in p.archived:
        for stem, made, line in archive_places(w.cfg, body):
            yield *_said(w, word), source_file("wecom__messages", stem, made), str(line), stamp(made)


def _said(w: World, word: Word) -> Row:
    chat = "" if word.comm == SINGLE else w.communities[word.comm].chat_id
    return w.wm[word.person], chat, word.status, str(word.at)


def _choice_rows(w: World, p: Privacy) -> Iterator[Row]:
    num = Lines("manual__profiling_choices")
    for choice in sorted(p.choices, key=lambda x: (x.day, x.person)):
        day = f"{choice.day.year}/{choice.day.month}/{choice.day.day}"
        said = "拒绝" if choice.refuses else "同意"
        yield w.wm[choice.person], said, day, "", *num.tag("profiling", w.cfg.end)
