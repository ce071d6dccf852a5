"""What people do besides talking and buying: polls, red packets, check-ins, content, surveys.

``Engagement`` holds the rows in the shape in which they are exported, the truth reads the same
records. The unusual cases are written down in ``World.notes``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from kpi.generate.clock import DAY, HOUR, local_date, midnight, next_month, stamp
from kpi.generate.contents import VOTE, Bodies, Body, Poll, RedPacket, archive_places
from kpi.generate.exports import Row
from kpi.generate.files import Lines
from kpi.generate.world import World, seconds_of_day

CONTENT_TYPES = ("短视频", "图文", "直播", "问答", "抽奖", "话题讨论")
FIRST_ENTRY, JOINED, FINISHED = "first_entry", "joined", "finished"
SKIPPED, BLANK = "-3", "-2"
CHOICES = ("质地", "香味", "价格", "包装", "功效", "物流")


@dataclass
class CheckIn:
    """State of one person in one check-in activity, as one pull lists it."""

    activity: str
    comm: int
    person: int
    pulled: int
    last: int  # 0: never
    total: int
    run: int
    phase: str


@dataclass
class Item:
    """One piece of content. ``author`` is a person, or -1 - s for staff member s."""

    content_id: str
    title: str
    kind: str
    author: int
    comm: int  # -1 none
    campaign: str
    shows_order: bool
    published: int  # epoch ms
    exported: int


@dataclass
class ItemDay:
    """Counters of one piece of content on one day, as one export shows them."""

    content_id: str
    day: date
    views: int
    clicks: int
    comments: int
    likes: int
    shares: int
    exported: int


@dataclass
class Article:
    """Counters of one published article up to ``stat``: read, share, like, zaikan, comment, keep."""

    published: date
    msgid: str
    title: str
    stat: date
    counters: tuple[int, ...]


@dataclass
class Survey:
    """One questionnaire; question numbers are blank where it does not ask."""

    number: str
    name: str
    comm: int  # -1 none
    sent_on: date
    sent: int
    csat: str
    nps: str


@dataclass
class Sheet:
    """One answer sheet. ``who``: person, None anonymous, -1 - s staff member s."""

    survey: Survey
    serial: int
    at: int
    seconds: int
    who: int | None
    answers: list[tuple[str, str]]
    exported: int
    slash: bool


@dataclass
class Engagement:
    """All rows of these exports."""

    polls: list[Poll] = field(default_factory=list)
    red_packets: list[RedPacket] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    item_days: list[ItemDay] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)


def build_engagement(w: World, bodies: Bodies) -> Engagement:
    """Simulate everything this module exports. bodies: polls and red packets of the messages."""
    e = Engagement(bodies.polls, bodies.red_packets)
    joins = [p for p in e.polls if p.kind == VOTE]
    w.note("poll participations", f"{len(joins)}, {sum(p.body.recalled for p in joins)} of them recalled")
    stays = _Stays(w)
    _check_ins(w, stays, e)
    _content(w, stays, e)
    _articles(w, e)
    _surveys(w, stays, e)
    return e


class _Stays:
    """Finds people inside a group."""

    def __init__(self, w: World) -> None:
        self.w = w
        special = np.zeros(w.n_people, bool)
        special[list(w.roles)] = True
        self._plain = ~special[w.person]

    def inside(self, comm: int, low: int, high: int) -> np.ndarray:
        """Customers who are in group ``comm`` all the time from ``low`` to ``high``, ascending."""
        w = self.w
        return np.unique(w.person[(w.comm == comm) & (w.t_in < low) & (w.t_out > high) & self._plain])

    def anywhere(self, low: int, high: int) -> np.ndarray:
        """Row numbers of the stays of customers that last from ``low`` to ``high``."""
        w = self.w
        return np.flatnonzero((w.t_in < low) & (w.t_out > high) & self._plain)


def _role(w: World, role: str) -> list[int]:
    return sorted(p for p, r in w.roles.items() if r == role)


def _month_file(w: World, t: int) -> int:
    """When the monthly file that holds instant ``t`` was made."""
    return min(midnight(next_month(local_date(t))) + 9 * HOUR, w.cfg.end)


def _check_ins(w: World, stays: _Stays, e: Engagement) -> None:
    """Check-in activities; a pull at 02:00 lists everybody whose state changed since the last one."""
    cfg, rng = w.cfg, w.cfg.rng("check_ins")
    days, h0 = cfg.days, cfg.h0
    size = max(4, round(11 * min(40.0, cfg.members / 2000)))
    old = [c.idx for c in w.communities if c.created < h0 - 10 * DAY] or [0]
    plan = [(old[k % len(old)], first, 21) for k, first in enumerate(range(-4, days, 21))]
    late = [c.idx for c in w.communities if c.kind == "knowledge" and c.created >= h0]
    plan += [(k, int((w.communities[k].created - h0) // DAY) + 5, 10) for k in late]
    missed = days // 2 - days // 2 % 21 + 8  # inside a main activity
    shill = _role(w, "shill")[:1]
    for k, (comm, first, length) in enumerate(plan):
        activity = f"DK{k + 1:03d}"
        last = min(first + length, days) - 1
        if last < 0 or first >= days:
            continue
        people = stays.inside(comm, h0 + max(first, 0) * DAY, h0 + min(first + length // 2, days - 1) * DAY)
        people = [int(p) for p in rng.permutation(people)[:size]]
        gone: dict[int, int] = {}
        for i in np.flatnonzero((w.comm == comm) & np.isin(w.person, people)).tolist():
            gone[int(w.person[i])] = max(gone.get(int(w.person[i]), 0), int(w.t_out[i]))
        people += [p for p in shill if k in (1, 2)]
        eager = {p: float(rng.uniform(0.12, 0.6)) for p in people}
        lookers = set(people[2 : 2 + max(1, size // 5)])  # open the page, never check in
        state: dict[int, list] = {}  # last, total, run, phase, changed
        for d in range(first, last + 2):
            pull = h0 + (d + 1) * DAY + 2 * HOUR
            for p in people if d <= last else ():
                at = h0 + d * DAY + int(min(max(seconds_of_day(rng, 1)[0], 6 * HOUR), DAY - 60))
                draw = float(rng.random())
                if at >= gone.get(p, 2**60):
                    continue
                if p in lookers:
                    if draw < 0.15 and p not in state:
                        state[p] = [0, 0, 0, FIRST_ENTRY, True]
                    continue
                sure = p == people[0] and d in (0, days - 1)
                if draw > eager[p] and not sure:
                    if p not in state and draw > 0.9:
                        state[p] = [0, 0, 0, FIRST_ENTRY, True]
                    continue
                before = state.get(p, [0, 0, 0, FIRST_ENTRY, False])
                run = before[2] + 1 if before[0] and (before[0] - h0) // DAY == d - 1 else 1
                state[p] = [at, before[1] + 1, run, JOINED, True]
            if d == last + 1 and last < days - 1:
                for mine in state.values():
                    if mine[1] >= length // 3 and mine[3] == JOINED:
                        mine[3:] = [FINISHED, True]
            if d < 0 or d >= days or d == missed:
                continue
            for p, mine in sorted(state.items()):
                if mine[4]:
                    mine[4] = False
                    e.check_ins.append(CheckIn(activity, comm, p, pull, *mine[:4]))
        if shill and k == 1:
            w.note("a shill checks in (does not count)", f"{w.wm[shill[0]]} in {activity}")
    w.note("no check-in pull", stamp(h0 + (missed + 1) * DAY + 2 * HOUR))
    e.check_ins.sort(key=lambda c: (c.pulled, c.activity, c.person))


def _content(w: World, stays: _Stays, e: Engagement) -> None:
    cfg, rng = w.cfg, w.cfg.rng("content")
    h0, days = cfg.h0, cfg.days
    scale = min(25.0, cfg.members / 2000)
    n = max(24, round(80 * max(scale, days / 400)))
    kols, shills = _role(w, "kol"), _role(w, "shill")
    flash = [c for c in w.communities if c.kind == "flash"]
    when = np.sort(rng.uniform(-12, days - 0.3, n))
    when[:2], when[-2] = (-3.4, 0.42), days - 0.62
    for k, at in enumerate(when.tolist()):
        t = h0 + int(at * DAY) // 60 * 60
        rows = stays.anywhere(t - HOUR, t + HOUR)
        draw, spot = rng.random(3), int(rng.integers(rows.size)) if rows.size else -1
        comm = int(w.comm[rows[spot]]) if spot >= 0 else 0
        author = int(w.person[rows[spot]]) if spot >= 0 and draw[0] < 0.5 else -1 - w.communities[comm].owner
        if kols and 0.5 <= draw[0] < 0.58:
            author = kols[k % len(kols)]
        if shills and k == n // 3:
            author = shills[0]
            w.note("content of a shill (no UGC)", f"CT{k + 1:04d}")
        person = author >= 0
        kind = CONTENT_TYPES[int(rng.choice(6, p=[0.2, 0.35, 0.1, 0.1, 0.05, 0.2]))]
        if person and kind in ("直播", "抽奖"):
            kind = "图文"
        shows = person and draw[1] < 0.45
        if draw[2] < 0.2:
            comm = -1
        campaign = f"HD{len(flash) + 1 + k % 5:03d}" if not person and draw[2] > 0.85 else ""
        title = f"{'晒单' if shows else kind}{k + 1:03d}" + ("，敏感肌看过来" if k % 9 == 4 else "")
        item = Item(f"CT{k + 1:04d}", title, kind, author, comm, campaign, shows, t * 1000, _month_file(w, t))
        item.exported = max(item.exported, h0 + DAY)
        e.items.append(item)
        _item_days(w, item, rng, e)
    again = e.items[2]
    e.items.append(Item(**{**vars(again), "title": again.title + "（更新）", "exported": cfg.end}))
    w.note("content item changed in a later export", again.content_id)
    t = cfg.end - 5400
    e.items.append(Item(f"CT{n + 1:04d}", "晒单补录", "图文", int(stays.anywhere(t, t + 60)[0]), -1, "", True,
                        t * 1000, cfg.end))  # fmt: skip
    e.items[-1].author = int(w.person[e.items[-1].author])
    w.note("content published after as_of (outside)", f"CT{n + 1:04d}")
    # counters of three days come again, corrected, in the file of the next month
    known = [x for x in e.item_days if x.day < local_date(x.exported) and x.exported < cfg.end - 20 * DAY]
    for x in known[5:400:140]:
        later = _month_file(w, x.exported)
        e.item_days.append(ItemDay(x.content_id, x.day, x.views + 9, x.clicks + 2, x.comments, x.likes + 1,
                                   x.shares, later))  # fmt: skip
        w.note("content counters corrected a month later", f"{x.content_id} {x.day}")
    e.items.sort(key=lambda x: (x.exported, x.published, x.content_id))
    e.item_days.sort(key=lambda x: (x.exported, x.day, x.content_id))


def _item_days(w: World, item: Item, rng: np.random.Generator, e: Engagement) -> None:
    """Ten days of counters; a monthly file also shows the running day, which is not complete."""
    cfg = w.cfg
    size = (40 if item.comm >= 0 else 90) * max(1.0, cfg.members / 4000)
    first = local_date(item.published // 1000)
    for age in range(10):
        day = first + timedelta(days=age)
        draws = rng.random(2)
        views = int(rng.poisson(size * (0.25 + draws[0]) * 0.72**age))
        rates = [int(rng.binomial(views, r)) for r in (0.11, 0.03, 0.06, 0.02)]
        if day < cfg.start or day > cfg.as_of + timedelta(days=1) or not views:
            continue
        t = midnight(day)
        if day <= cfg.as_of:
            e.item_days.append(ItemDay(item.content_id, day, views, *rates, _month_file(w, t)))
        part = t + 9 * HOUR if day.day == 1 else t + 2 * HOUR if t + 2 * HOUR == cfg.end else 0
        if part and part <= cfg.end and day > cfg.start:
            some = max(1, int(views * 0.2 * draws[1]))
            e.item_days.append(ItemDay(item.content_id, day, some, *(x // 5 for x in rates), part))


def _articles(w: World, e: Engagement) -> None:
    """Cumulative counters of a public account's articles."""
    cfg, rng = w.cfg, w.cfg.rng("articles")
    for k, d in enumerate(range(1, cfg.days - 2, 9)):
        published = cfg.start + timedelta(days=d)
        total = np.zeros(6, np.int64)
        kept: list[Article] = []
        for age in range(11):
            stat = published + timedelta(days=age)
            lam = np.array([160, 7, 6, 4, 2, 3]) * 0.62**age * max(1.0, cfg.members / 4000)
            total = total + rng.poisson(lam)
            skip = age not in (0, 10) and rng.random() < 0.08
            if not skip and stat + timedelta(days=2) <= cfg.as_of + timedelta(days=1):
                kept.append(Article(published, f"{2650001 + k}_1", f"护肤笔记第{k + 1}期", stat,
                                    tuple(int(x) for x in total)))  # fmt: skip
        if k == 1 and len(kept) > 5:
            bad = kept[4]
            bad.counters = (bad.counters[0] - 37, *bad.counters[1:])
            bad.counters = tuple(min(x, y) for x, y in zip(bad.counters, kept[3].counters, strict=True))
            bad.counters = (kept[3].counters[0] - 20, *bad.counters[1:])
            w.note("article counters fall for one day", f"{bad.msgid} on {bad.stat}")
        e.articles += kept
    e.articles.sort(key=lambda a: (a.stat, a.msgid))


def _surveys(w: World, stays: _Stays, e: Engagement) -> None:
    cfg, rng = w.cfg, w.cfg.rng("surveys")
    h0, days = cfg.h0, cfg.days
    n = max(3, days // 33)
    flat = [c for c in w.communities if c.kind != "flash" and c.created < h0]
    layouts = (("Q2", "Q3"), ("Q1", ""), ("", "Q2"))
    shills = _role(w, "shill")
    for k in range(n):
        d = int(days * (k + 0.5) / n) if k < n - 1 else days - 4
        comm = flat[k % len(flat)].idx if k % 3 != 2 else -1
        layout = layouts[k % 3]
        low = h0 + d * DAY + 10 * HOUR
        inside = stays.inside(comm, low, low + 2 * DAY) if comm >= 0 else np.unique(
            w.person[stays.anywhere(low, low + 2 * DAY)]
        )  # fmt: skip
        count = max(8, round(20 * min(10.0, cfg.members / 2000)))
        people: list[int | None] = [int(p) for p in rng.permutation(inside)[:count]]
        sent = int(inside.size * 0.8) if comm >= 0 else count * 4
        survey = Survey(f"2600{k + 1:03d}", f"社群满意度{k + 1}期", comm, cfg.start + timedelta(days=d),
                        max(sent, count + 8), *layout)  # fmt: skip
        e.surveys.append(survey)
        people += [None] * 3
        span = min(8 * DAY, cfg.end - 2 * HOUR - low - HOUR)
        times = np.sort(low + (rng.random(len(people)) ** 2 * span).astype(np.int64)).tolist()
        order = [people[i] for i in rng.permutation(len(people))]
        if k == 0:
            first = next(i for i, p in enumerate(order) if p is not None)
            order.append(order[first])
            times.append(times[-1] + 3600)
            w.note("answers the same survey twice (the later counts)", w.wm[order[first]])
            order.append(order[-1])
            times.append(times[-1])
            w.note("third sheet in the same second (the larger number counts)", w.wm[order[first]])
            order.append(-1)
            times.append(times[-1] + 60)
            w.note("staff member answers a survey (does not count)", w.staff[0])
            if shills:
                order.append(shills[0])
                times.append(times[-1] + 60)
                w.note("shill answers a survey (does not count)", w.wm[shills[0]])
        if k == n - 1:
            order.append(None)
            times.append(cfg.end - 5400)
            w.note("sheet submitted after as_of (outside)", survey.number)
        made = min(midnight(survey.sent_on) + 12 * DAY + 9 * HOUR, cfg.end)
        sheets = []
        for i, (who, at) in enumerate(zip(order, times, strict=True)):
            answers = _answers(rng, survey)
            if k == 0 and i == 3:
                answers[1] = (answers[1][0], "9")
                w.note("score outside its scale", f"{survey.number} sheet {i + 1} {answers[1][0]} = 9")
            sheets.append(Sheet(survey, i + 1, int(at), int(rng.integers(25, 400)), who, answers, made,
                                bool(rng.random() < 0.6)))  # fmt: skip
        e.sheets += sheets
        if k == 1 and made < cfg.end:
            e.sheets += [Sheet(**{**vars(x), "exported": cfg.end}) for x in sheets]
            w.note("survey exported twice", survey.number)


def _answers(rng: np.random.Generator, survey: Survey) -> list[tuple[str, str]]:
    """Answers to Q1..Q3 (or Q1..Q2) of one sheet, with skipped and blank ones."""
    out = []
    for question in ("Q1", "Q2", "Q3")[: 3 if survey.csat == "Q2" else 2]:
        draw = rng.random()
        score = int(rng.choice(5, p=[0.03, 0.06, 0.2, 0.38, 0.33])) + 1
        likely = int(rng.choice(11, p=[0.02, 0.01, 0.02, 0.03, 0.04, 0.07, 0.08, 0.15, 0.2, 0.18, 0.2]))
        picks = sorted(rng.choice(len(CHOICES), size=int(rng.integers(1, 4)), replace=False).tolist())
        if question == survey.csat:
            text = str(score)
        elif question == survey.nps:
            text = str(likely)
        else:
            text = "┋".join(CHOICES[i] for i in picks)
        out.append((question, SKIPPED if draw < 0.04 else BLANK if draw < 0.07 else text))
    return out


# -- rows ------------------------------------------------------------------------------------------


def _key(w: World, who: int | None) -> str:
    return "" if who is None else w.wm[who] if who >= 0 else w.staff[-1 - who]


def _chat(w: World, comm: int, none: str = "") -> str:
    return w.communities[comm].chat_id if comm >= 0 else none


def _sender(w: World, body: Body) -> str:
    return [w.wm, w.staff, w.bots][_space(w, body.sender)][body.sender - _first(w, body.sender)]


def _space(w: World, sender: int) -> int:
    return int(sender >= w.n_people) + int(sender >= w.n_people + w.n_staff)


def _first(w: World, sender: int) -> int:
    return (0, w.n_people, w.n_people + w.n_staff)[_space(w, sender)]


def _bodies(w: World, export: str, records: list, cells) -> Iterator[Row]:
    """Rows of message bodies; a message that comes again in a second file brings its body along."""
    num = Lines(export)
    room = ("wrInternal0Group", "")
    for x in records:
        b = x.body
        row = (b.msgid, _sender(w, b), _chat(w, b.room) if b.room >= 0 else room[b.room + 2], str(b.ms), *cells(x))
        for place in archive_places(w.cfg, b):
            yield *row, *num.tag(*place)


def _check_in_rows(w: World, e: Engagement) -> Iterator[Row]:
    num = Lines("weiban__check_ins")
    for c in e.check_ins:
        yield (
            c.activity, _chat(w, c.comm), w.wm[c.person], str(c.last), str(c.total), str(c.run),
            c.phase, *num.tag(f"check_ins_{local_date(c.pulled):%Y%m%d}", c.pulled),
        )  # fmt: skip


def _item_rows(w: World, e: Engagement) -> Iterator[Row]:
    num = Lines("scrm__content_items")
    for x in e.items:
        yield (
            x.content_id, x.title, x.kind, _key(w, x.author), _chat(w, x.comm), x.campaign,
            str(int(x.shows_order)), str(x.published),
            *num.tag("content_items", x.exported),
        )  # fmt: skip


def _item_day_rows(w: World, e: Engagement) -> Iterator[Row]:
    num = Lines("scrm__content_daily")
    for x in e.item_days:
        yield (
            x.day.isoformat(), x.content_id, str(x.views), str(x.clicks), str(x.comments),
            str(x.likes), str(x.shares),
            *num.tag("content_daily", x.exported),
        )  # fmt: skip


def _article_rows(w: World, e: Engagement) -> Iterator[Row]:
    num = Lines("wechat_official__articles")
    for a in e.articles:
        made = midnight(a.stat) + 2 * DAY + HOUR  # counters come a day late
        yield (
            a.published.isoformat(), a.msgid, a.title, a.stat.isoformat(), *map(str, a.counters),
            *num.tag(f"articles_{local_date(made):%Y%m%d}", made),
        )  # fmt: skip


def _answer_rows(w: World, e: Engagement) -> Iterator[Row]:
    num = Lines("wenjuanxing__answers")
    for x in e.sheets:
        at = stamp(x.at).replace("-", "/") if x.slash else stamp(x.at)
        source = f"answers_{x.survey.number}_{local_date(x.exported):%Y%m%d}"
        for question, text in x.answers:
            yield (
                x.survey.number, str(x.serial), at, f"{x.seconds}秒", "微信" if x.who is not None else "链接",
                _key(w, x.who), question, text, *num.tag(source, x.exported),
            )  # fmt: skip


def slashed(day: date) -> str:
    """``YYYY/M/D`` of a date."""
    return f"{day.year}/{day.month}/{day.day}"


def _survey_rows(w: World, e: Engagement) -> Iterator[Row]:
    num = Lines("manual__surveys")
    for s in e.surveys:
        yield (
            s.number, s.name, _chat(w, s.comm, "——"), slashed(s.sent_on), str(s.sent), s.csat or "——",
            s.nps or "——", *num.tag("surveys", w.cfg.end),
        )  # fmt: skip


def engagement_rows(w: World, e: Engagement) -> dict[str, Iterator[Row]]:
    """Rows per export name."""
    return {
        "wecom__polls": _bodies(w, "wecom__polls", e.polls, lambda p: (p.vote_id, str(p.kind))),
        "wecom__red_packets": _bodies(
            w, "wecom__red_packets", e.red_packets, lambda r: (r.body.kind, str(r.kind), str(r.packets), str(r.amount))
        ),
        "weiban__check_ins": _check_in_rows(w, e),
        "scrm__content_items": _item_rows(w, e),
        "scrm__content_daily": _item_day_rows(w, e),
        "wechat_official__articles": _article_rows(w, e),
        "wenjuanxing__answers": _answer_rows(w, e),
        "manual__surveys": _survey_rows(w, e),
    }
