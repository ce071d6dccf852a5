"""Truth of messages beyond their number, of content, interactions and surveys."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import numpy as np

from kpi.generate.clock import DAY, HOUR, local_date
from kpi.generate.engagement import Item, ItemDay
from kpi.generate.truth import fen_text
from kpi.generate.truth_people import Facts, within
from kpi.generate.truth_privacy import readable

K_SPEAKERS = 5
ANSWER_MS = 24 * HOUR * 1000
TYPES = ("comment", "like", "share", "check_in", "vote", "sign_up")


def engagement_cells(f: Facts) -> None:
    """Put all cells of these metrics into the book."""
    _shares(f)
    _topics(f)
    _responses(f)
    _packets(f)
    _content(f)
    _posts(f)
    _surveys(f)


def _shares(f: Facts) -> None:
    m = f.kept
    team = m["sender"] >= f.w.n_people
    judged = m["effective"] & readable(f.w, f.side.privacy, m["sender"], m["ms"])
    columns = (m["day"], m["room"], team, judged, judged & (m["polarity"] == -1))
    rows = np.stack(columns, axis=1).astype(np.int64)
    for p in f.plan:
        here = within(rows, p)
        for k, where in f.places(p):
            if k == -1 or not (k is None or f.lives(k, p)):
                continue
            mine = here if k is None else here[here[:, 1] == k]
            f.book.ratio("staff_message_share", p, int(mine[:, 2].sum()), len(mine), **where)
            f.book.ratio("negative_message_rate", p, int(mine[:, 4].sum()), int(mine[:, 3].sum()), **where)


def _topics(f: Facts) -> None:
    """Message x term; a cell with few speakers is withheld."""
    m = f.kept
    words = [sorted(set(text.split())) for text in f.side.log.term_texts]
    names = sorted({word for mine in words for word in mine})
    place = {name: i for i, name in enumerate(names)}
    read = readable(f.w, f.side.privacy, m["sender"], m["ms"])
    at = np.flatnonzero(m["effective"] & read & (m["terms"] > 0))
    rows = np.array(
        [
            (d, room, who, place[word])
            for d, room, who, t in zip(*(m[x][at].tolist() for x in ("day", "room", "sender", "terms")), strict=True)
            for word in words[t]
        ],
        np.int64,
    ).reshape(-1, 4)

    def shown(mine: np.ndarray) -> str:
        return str(len(mine)) if len(np.unique(mine[:, 2])) >= K_SPEAKERS else ""

    for p in f.plan:
        here = within(rows, p)
        for k, where in f.places(p):
            if k != -1:
                f.book.put("topic_mentions", p, shown(here if k is None else here[here[:, 1] == k]), **where)
        if p.grain == "month":
            for name, i in place.items():
                f.book.put("topic_mentions", p, shown(here[here[:, 3] == i]), other=("topic_mention__term", name))


def _responses(f: Facts) -> None:
    """Minutes from a customer's question to the next word of the staff in the same group."""
    m = f.kept
    n = f.w.n_people
    staff = (m["sender"] >= n) & (m["sender"] < n + f.w.n_staff)
    rows = np.flatnonzero(staff | m["effective"])
    waits: list[tuple[int, int, int]] = []  # day, room, ms
    room_before, ms_before, staff_before = -1, 0, False
    waiting: list[tuple[int, int]] = []  # day and instant of questions without an answer yet
    for room, ms, d, is_staff in zip(
        *(x[rows].tolist() for x in (m["room"], m["ms"], m["day"], staff)), strict=True
    ):  # fmt: skip
        fresh = room != room_before
        if fresh:
            waiting = []
        if is_staff:
            waits += [(day, room, ms - t) for day, t in waiting if ms - t <= ANSWER_MS]
            waiting = []
        elif fresh or staff_before or ms - ms_before > ANSWER_MS:
            waiting.append((d, ms))
        room_before, ms_before, staff_before = room, ms, is_staff
    table = np.array(waits, np.int64).reshape(-1, 3)
    for p in f.plan:
        here = within(table, p)
        for k, where in f.places(p):
            if k == -1:
                continue
            mine = np.sort(here[:, 2] if k is None else here[here[:, 1] == k][:, 2])
            value = ""
            if mine.size:
                middle = Fraction(int(mine[(mine.size - 1) // 2]) + int(mine[mine.size // 2]), 2)
                value = repr(float(middle / 60_000))
            f.book.put("first_response_minutes", p, value, den=str(mine.size), **where)


def _packets(f: Facts) -> None:
    sent = np.array(
        [
            (f.day(x.body.ms // 1000), x.body.room, x.packets, x.amount)
            for x in f.side.engagement.red_packets
            if not x.body.recalled and x.body.room >= 0
        ],
        np.int64,
    ).reshape(-1, 4)
    for p in f.plan:
        here = within(sent, p)
        for k, where in f.places(p):
            if k == -1 or not (k is None or f.lives(k, p)):
                continue
            mine = here if k is None else here[here[:, 1] == k]
            f.book.put("red_packets_sent", p, str(int(mine[:, 2].sum())), **where)
            f.book.put("red_packet_amount", p, fen_text(int(mine[:, 3].sum())), **where)


def current_items(f: Facts) -> dict[str, Item]:
    """Content as of the last export that shows it."""
    return {x.content_id: x for x in sorted(f.side.engagement.items, key=lambda x: x.exported)}


def _content(f: Facts) -> None:
    """Counters of complete days, and interactions of all kinds."""
    place = {name: x.comm for name, x in current_items(f).items()}
    latest: dict[tuple[str, object], ItemDay] = {}
    for x in sorted(f.side.engagement.item_days, key=lambda x: x.exported):
        if x.day < local_date(x.exported):
            latest[x.content_id, x.day] = x
    start = f.w.cfg.start
    rows = np.array(
        [
            ((x.day - start).days, place[x.content_id], x.views, x.clicks, x.comments, x.likes, x.shares)
            for x in latest.values()
        ],
        np.int64,
    ).reshape(-1, 7)
    acts = np.array(
        [(f.day(ms // 1000), k, n, TYPES.index(kind)) for _, k, ms, n, kind in f.acts], np.int64
    ).reshape(-1, 4)  # fmt: skip
    names = ("content_views", "content_clicks", "comments", "likes", "shares")
    for p in f.plan:
        here, done = within(rows, p), within(acts, p)
        for k, where in f.places(p):
            mine = here if k is None else here[here[:, 1] == k]
            acted = done if k is None else done[done[:, 1] == k]
            sums = [int(x) for x in mine[:, 2:].sum(axis=0)]
            by_type = [*sums[2:], *(int(acted[acted[:, 3] == i][:, 2].sum()) for i in range(3, 6))]
            lives = k is None or f.lives(k, p)
            if lives or len(mine):
                for metric, value in zip(names, sums, strict=True):
                    f.book.put(metric, p, str(value), **where)
                f.book.ratio("click_through_rate", p, sums[1], sums[0], **where)
            if k != -1 and (lives or len(acted)):
                f.book.put("check_ins", p, str(by_type[3]), **where)
            if lives or sum(by_type):
                f.book.put("interactions", p, str(sum(by_type)), **where)
            if k is None and p.grain == "month":
                for kind, value in zip(TYPES, by_type, strict=True):
                    f.book.put("interactions", p, str(value), other=("interaction__interaction_type", kind))


def _posts(f: Facts) -> None:
    posts = np.array(
        [
            (f.day(x.published // 1000), x.comm)
            for x in current_items(f).values()
            if x.author >= 0 and f.counted[x.author]
        ],
        np.int64,
    ).reshape(-1, 2)
    for p in f.plan:
        here = within(posts, p)
        for k, where in f.places(p):
            count = len(here) if k is None else int((here[:, 1] == k).sum())
            if k is None or f.lives(k, p) or count:
                f.book.put("ugc_posts", p, str(count), **where)


def _surveys(f: Facts) -> None:
    """One sheet per survey and person; sheets without a person count each."""
    end = f.w.cfg.h0 + f.w.cfg.days * DAY
    best: dict[tuple, tuple] = {}
    for x in sorted(f.side.engagement.sheets, key=lambda x: x.exported):
        if x.at >= end or (x.who is not None and (x.who < 0 or not f.counted[x.who])):
            continue
        key = (x.survey.number, x.serial if x.who is None else None, x.who)
        if key not in best or (x.at, x.serial) >= best[key][0]:
            best[key] = ((x.at, x.serial), x)
    sheets = [x for _, x in best.values()]
    answered: dict[str, int] = defaultdict(int)
    happy, likely = [], []  # day, community, score
    for x in sheets:
        answered[x.survey.number] += 1
        for question, text in x.answers:
            score = int(text) if text.isdigit() else -1
            cell = (f.day(x.at), x.survey.comm, score)
            if question == x.survey.csat and 1 <= score <= 5:
                happy.append(cell)
            if question == x.survey.nps and 0 <= score <= 10:
                likely.append(cell)
    for p in f.plan:
        for k, where in f.places(p):
            csat, nps = (
                [s for d, c, s in rows if p.lo <= d <= p.hi and (k is None or c == k)] for rows in (happy, likely)
            )
            f.book.ratio("csat", p, sum(s >= 4 for s in csat), len(csat), **where)
            f.book.ratio("nps", p, sum(s >= 9 for s in nps) - sum(s <= 6 for s in nps), len(nps), **where)
            mine = [
                s for s in f.side.engagement.surveys
                if p.lo <= (s.sent_on - f.w.cfg.start).days <= p.hi and (k is None or s.comm == k)
            ]  # fmt: skip
            got = sum(answered[s.number] for s in mine)
            f.book.ratio("survey_response_rate", p, got, sum(s.sent for s in mine), **where)
