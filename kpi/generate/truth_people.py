"""Truth of members, acquisition and activity: persons, cohorts, windows.

``Facts`` collects what all truth modules share. Days are numbered from H = 0, communities by index,
-1 is no community. Nothing here reads a written file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np

from kpi.generate.clock import DAY
from kpi.generate.commerce import Commerce
from kpi.generate.contents import VOTE
from kpi.generate.engagement import FIRST_ENTRY
from kpi.generate.messages import DAY_MS, MINUTE_MS, MIXED, TEXT, VOICE, MessageTally
from kpi.generate.truth import (
    R_REMOVED,
    R_SELF,
    R_UNKNOWN,
    UNATTRIBUTED,
    Period,
    Sale,
    Side,
    Spell,
    _Book,
    lifetime,
)
from kpi.generate.world import World


@dataclass
class Facts:
    """Everything the truth of one run is computed from."""

    w: World
    c: Commerce
    tally: MessageTally
    side: Side
    ids: list[str]
    spells: list[Spell]
    sales: list[Sale]
    counted: np.ndarray  # (P,) bool
    book: _Book
    plan: list[Period]

    def day(self, t: int) -> int:
        """Number of the local day of an instant in epoch seconds."""
        return int((t - self.w.cfg.h0) // DAY)

    def name(self, comm: int) -> str:
        """Community id, or the word for none."""
        return self.w.communities[comm].chat_id if comm >= 0 else UNATTRIBUTED

    @cached_property
    def life(self) -> list[tuple[int, int]]:
        """First and last covered day of each community."""
        return [lifetime(self.w, k) for k in range(self.w.cfg.communities)]

    def lives(self, comm: int, p: Period) -> bool:
        """True when the community exists on a day of the period; no community always does."""
        return comm < 0 or (self.life[comm][0] <= p.hi and self.life[comm][1] >= p.lo)

    def places(self, p: Period) -> Iterator[tuple[int | None, dict[str, str]]]:
        """All communities together, and for a month each community and none."""
        yield None, {}
        if p.grain == "month":
            for k in range(-1, self.w.cfg.communities):
                yield k, {"comm": self.name(k)}

    @cached_property
    def channels(self) -> list[str]:
        """All channels, and the word for none."""
        return [*sorted({ch.channel_id for ch in self.w.channels}), UNATTRIBUTED]

    @cached_property
    def stays(self) -> dict[int, list[Spell]]:
        """Spells of counted persons."""
        out: dict[int, list[Spell]] = defaultdict(list)
        for s in self.spells:
            if self.counted[s.person]:
                out[s.person].append(s)
        return out

    @cached_property
    def orders(self) -> dict[int, list[Sale]]:
        """Valid orders of counted persons who are in the member data, by payment."""
        person = {key: p for p, key in enumerate(self.ids)}
        out: dict[int, list[Sale]] = defaultdict(list)
        for s in sorted((s for s in self.sales if s.valid), key=lambda s: (s.paid, s.order.number)):
            p = person.get(s.person)
            if p is not None and self.counted[p]:
                out[p].append(s)
        return out

    def inside(self, p: int, t: int, comm: int | None = None) -> bool:
        """True when the person has an open spell (anywhere or in one community) at ``t``."""
        return any(
            s.start <= t and (s.to is None or t < s.to) for s in self.stays.get(p, ()) if comm is None or s.comm == comm
        )

    @cached_property
    def kept(self) -> dict[str, np.ndarray]:
        """Kept messages by room, instant and id; ``day`` and ``effective`` are added."""
        m = self.side.log.kept()
        order = np.lexsort((m["serial"], m["numeric"], m["ms"], m["room"]))
        m = {name: values[order] for name, values in m.items()}
        m["day"] = (m["ms"] - self.w.cfg.h0 * 1000) // DAY_MS
        n = self.w.n_people
        people = m["sender"] < n
        m["customer"] = people & self.counted[np.where(people, m["sender"], 0)]
        worded = np.isin(m["kind"], (TEXT, MIXED)) & (m["length"] >= 2)
        worded &= (m["solitaire"] != 1) & (m["stop"] != 1)
        fit = m["customer"] & (worded | ((m["kind"] == VOICE) & (m["voice"] >= 2)))
        effective = np.zeros(fit.size, bool)
        said: dict[tuple, int] = {}
        minutes: dict[tuple, int] = defaultdict(int)
        names = ("sender", "room", "content", "ms")
        rows = np.flatnonzero(fit)
        for i, who, room, content, ms in zip(rows.tolist(), *(m[x][rows].tolist() for x in names), strict=True):
            before = said.get((who, room, content))
            said[who, room, content] = ms
            if before is not None and ms - before <= DAY_MS:
                continue
            minutes[who, room, ms // MINUTE_MS] += 1
            effective[i] = minutes[who, room, ms // MINUTE_MS] <= 5
        m["effective"] = effective
        return m

    @cached_property
    def acts(self) -> list[tuple[int, int, int, int, str]]:
        """Interactions of counted persons: person, community, instant in ms, times, type."""
        cfg, out = self.w.cfg, []
        low, high = cfg.h0 * 1000, (cfg.h0 + cfg.days * DAY) * 1000
        voted: set[tuple[int, str]] = set()
        for poll in sorted(self.side.engagement.polls, key=lambda x: (x.body.ms, x.body.msgid)):
            b = poll.body
            if poll.kind != VOTE or b.recalled or b.room < 0 or not low <= b.ms < high:
                continue
            if b.sender >= self.w.n_people or not self.counted[b.sender]:
                continue
            if (b.sender, poll.vote_id) not in voted:
                voted.add((b.sender, poll.vote_id))
                out.append((b.sender, b.room, b.ms, 1, "vote"))
        opened: dict[str, int] = {}
        total: dict[tuple[str, int], int] = {}
        for x in sorted(self.side.engagement.check_ins, key=lambda x: x.pulled):
            first = opened.setdefault(x.activity, x.pulled) == x.pulled
            rise = x.total - total.get((x.activity, x.person), 0)
            if first:
                rise = 1 if x.last > 0 else 0
            total[x.activity, x.person] = x.total
            if rise <= 0 or x.phase == FIRST_ENTRY or not self.counted[x.person]:
                continue
            if 0 <= self.day(x.last) < cfg.days:
                out.append((x.person, x.comm, x.last * 1000, rise, "check_in"))
        m = self.kept
        lists = (m["sender"], m["room"], m["ms"])
        rows = np.flatnonzero(m["customer"] & (m["solitaire"] == 1))
        out += [(p, k, ms, 1, "sign_up") for p, k, ms in zip(*(x[rows].tolist() for x in lists), strict=True)]
        return out

    @cached_property
    def activity(self) -> np.ndarray:
        """(n, 3) distinct person, community, day of all declared activities."""
        m = self.kept
        e = m["effective"]
        rows = {tuple(r) for r in np.stack([m["sender"][e], m["room"][e], m["day"][e]], axis=1).tolist()}
        rows |= {(p, k, self.day(ms // 1000)) for p, k, ms, _, _ in self.acts}
        for p, mine in self.orders.items():
            rows |= {(p, s.comm, int(s.day)) for s in mine if self.inside(p, s.paid)}
        return np.array(sorted(rows), np.int64).reshape(-1, 3)

    @cached_property
    def news(self) -> list[Spell]:
        """First spell of each new member (person whose earliest spell is new and of known start)."""
        out = []
        for _, mine in sorted(self.stays.items()):
            first = min(mine, key=lambda s: (s.start, self.name(s.comm)))
            if self.day(first.start) >= 0 and not first.unknown:
                out.append(first)
        return out


def within(rows: np.ndarray, p: Period, column: int = 0) -> np.ndarray:
    """Rows whose day (in ``column``) lies in the period."""
    return rows[(rows[:, column] >= p.lo) & (rows[:, column] <= p.hi)]


def people_cells(f: Facts) -> None:
    """Put all cells of member, cohort and activity metrics into the book."""
    _new_and_lost(f)
    _cohorts(f)
    _activation(f)
    _active(f)
    _lifecycle(f)
    _per_member(f)
    _referral(f)


def _new_and_lost(f: Facts) -> None:
    place = {name: i for i, name in enumerate(f.channels)}
    new = np.array([(f.day(s.start), s.comm, place[s.channel]) for s in f.news], np.int64).reshape(-1, 3)
    lost = set()
    for p, mine in f.stays.items():
        spans = [(f.day(s.start), None if s.to is None else f.day(s.to)) for s in mine]
        for s, (_, gone) in zip(mine, spans, strict=True):
            if gone is None or s.reason not in (R_SELF, R_REMOVED, R_UNKNOWN):
                continue
            if not any(a <= gone and (b is None or b > gone) for a, b in spans):
                lost.add((gone, s.comm, place[s.channel], p))
    left = np.array(sorted(lost), np.int64).reshape(-1, 4)
    seen = {ch.channel_id for ch in f.w.channels if ch.system == "tencent_ads"}
    reports = np.array([name in seen for name in f.channels])
    users: dict[tuple[int, int], int] = defaultdict(int)  # day, channel
    for a in f.c.ads:
        if a.users is not None:
            users[(a.day - f.w.cfg.start).days, place[f.w.channels[a.channel].channel_id]] += a.users
    for p in f.plan:
        here, gone = within(new, p), within(left, p)
        for k, where in f.places(p):
            mine = here if k is None else here[here[:, 1] == k]
            away = gone if k is None else gone[gone[:, 1] == k]
            if k is None or (k >= 0 and f.lives(k, p)):
                f.book.put("new_members", p, str(len(mine)), **where)
                f.book.put("lost_members", p, str(len(np.unique(away[:, 3]))), **where)
            exposed = f.book.get("exposed_persons", p, **where)
            credited = int(reports[mine[:, 2]].sum())
            if k is None or k >= 0:  # nobody joins no community
                f.book.ratio("unique_join_rate", p, credited, None if exposed is None else int(exposed), **where)
            cost = f.book.get("acquisition_cost", p, **where)
            if cost is not None:
                f.book.ratio("cost_per_new_member", p, round(cost * 100), len(mine), money=(True, False), **where)
        if p.grain == "month":
            for i, name in enumerate(f.channels):
                count = int((here[:, 2] == i).sum())
                away = len(np.unique(gone[gone[:, 2] == i][:, 3]))
                f.book.put("new_members", p, str(count), channel=name)
                f.book.put("lost_members", p, str(away), channel=name)
                if reports[i]:
                    views = sum(users.get((d, i), 0) for d in range(p.lo, p.hi + 1))
                    f.book.ratio("unique_join_rate", p, count, views, channel=name)


def _rate(f: Facts, metric: str, cohort: list[tuple[int, int, str, bool]], flip: bool = False) -> None:
    """Share of a cohort of (day, community, channel, success); NULL where nobody matured."""
    for p in f.plan:
        mine = [x for x in cohort if p.lo <= x[0] <= p.hi]
        cells: list[tuple[dict[str, str], list]] = [
            (where, mine if k is None else [x for x in mine if x[1] == k]) for k, where in f.places(p)
        ]
        if p.grain == "month":
            cells += [({"channel": name}, [x for x in mine if x[2] == name]) for name in f.channels]
        for where, rows in cells:
            won = sum(x[3] for x in rows)
            f.book.ratio(metric, p, len(rows) - won if flip else won, len(rows), **where)


def _cohorts(f: Facts) -> None:
    """Cohorts by the day of the first join."""
    days = f.w.cfg.days
    active: dict[int, set[int]] = defaultdict(set)
    for p, _, d in f.activity.tolist():
        active[p].add(d)
    bought, week, month = [], [], []
    for s in f.news:
        d = f.day(s.start)
        cell = (d, s.comm, s.channel)
        mine = f.orders.get(s.person, [])
        if d + 30 < days:
            won = bool(mine) and mine[0].paid >= s.start and mine[0].day <= d + 30
            bought.append((*cell, won))
            month.append((*cell, any(d + n in active[s.person] for n in range(24, 31))))
        if d + 7 < days:
            week.append((*cell, d + 7 in active[s.person]))
    _rate(f, "channel_conversion_rate", bought)
    _rate(f, "activity_retention_rate_d7", week)
    _rate(f, "activity_retention_rate_d30", month)
    _rate(f, "churn_rate_d30", month, flip=True)


def _activation(f: Facts) -> None:
    h0_ms = f.w.cfg.h0 * 1000
    done: dict[tuple[int, int], list[int]] = defaultdict(list)  # person, community -> ms
    m = f.kept
    e = m["effective"]
    for p, k, ms in zip(m["sender"][e].tolist(), m["room"][e].tolist(), m["ms"][e].tolist(), strict=True):
        done[p, k].append(ms)
    for p, k, ms, _, _ in f.acts:
        done[p, k].append(ms)
    cohort = []
    for p, mine in f.stays.items():
        for s in mine:
            d = f.day(s.start)
            if d < 0 or s.unknown or d + 7 >= f.w.cfg.days:
                continue
            low, high = s.start * 1000, h0_ms + (d + 8) * DAY_MS
            times = [*done.get((p, s.comm), []), *(x.paid * 1000 for x in f.orders.get(p, []))]
            cohort.append((d, s.comm, s.channel, any(low <= t < high for t in times)))
    _rate(f, "activation_rate_7d", cohort)


def _active(f: Facts) -> None:
    """Distinct active persons of periods and of windows that end with them."""
    width, days = f.w.cfg.communities, f.w.cfg.days
    by_place: dict[int | None, list[set[int]]] = {k: [set() for _ in range(days)] for k in [None, *range(-1, width)]}
    for p, k, d in f.activity.tolist():
        by_place[None][d].add(p)
        by_place[k][d].add(p)
    for p in f.plan:
        for k, where in f.places(p):
            sets = by_place[k]
            persons = len(set().union(*sets[p.lo : p.hi + 1]))
            f.book.put("active_members", p, str(persons), **where)
            f.book.put("daily_active_members", p, str(len(sets[p.hi])), **where)
            trailing = {}
            for metric, n in (("weekly_active_members", 7), ("monthly_active_members", 30)):
                known = p.hi - n + 1 >= 0
                trailing[n] = len(set().union(*sets[p.hi - n + 1 : p.hi + 1])) if known else None
                f.book.put(metric, p, str(trailing[n]) if known else "", **where)
            if trailing[30] is None:
                f.book.put("stickiness", p, "", **where)
            else:
                mean = Fraction(sum(len(x) for x in sets[p.hi - 29 : p.hi + 1]), 30)
                value = repr(float(mean / trailing[30])) if trailing[30] else ""
                f.book.put(
                    "stickiness", p, value, num=repr(float(mean)), den=str(trailing[30]), **where
                )  # fmt: skip
            members = f.book.get("members", p, **where)
            f.book.ratio("active_rate", p, persons, None if members is None else int(members), **where)
            times = f.book.get("interactions", p, **where)
            if times is not None:
                f.book.ratio("interactions_per_active_member", p, int(times), persons, **where)


def _lifecycle(f: Facts) -> None:
    """Months whose month before is covered from its first day."""
    joined = {s.person: f.day(s.start) for s in f.news}
    months = [p for p in f.plan if p.grain == "month"]
    for before, p in pairwise(months):
        if before is months[0] and before.start != f.w.cfg.start:
            continue
        old, now = (set(within(f.activity, x, 2)[:, 0].tolist()) for x in (before, p))
        fresh = {x for x in now - old if p.lo <= joined.get(x, -1) <= p.hi}
        back = now - old - fresh
        f.book.put("returning_members", p, str(len(now & old)))
        f.book.put("resurrected_members", p, str(len(back)))
        f.book.put("dormant_members", p, str(len(old - now)))
        f.book.ratio("growth_quick_ratio", p, len(fresh) + len(back), len(old - now))


def _per_member(f: Facts) -> None:
    """Sales per average member, and persons who bought where they were members."""
    days, width = f.w.cfg.days, f.w.cfg.communities
    inside: list[set[int]] = [set() for _ in range(days)]
    stock = np.zeros((days, width), np.int64)
    for p, mine in f.stays.items():
        for s in mine:
            for d in range(max(0, f.day(s.start)), days if s.to is None else f.day(s.to)):
                inside[d].add(p)
                stock[d, s.comm] += 1
    present = np.zeros((days, width), bool)
    for k, (first, last) in enumerate(f.life):
        present[first : last + 1, k] = True
    total = np.array([len(x) for x in inside])
    bought = sorted(
        (int(s.day), s.comm, p)
        for p, mine in f.orders.items()
        for s in mine
        if s.comm >= 0 and f.inside(p, s.paid, s.comm)
    )
    buyers = np.array(bought, np.int64).reshape(-1, 3)
    for p in f.plan:
        span, here = slice(p.lo, p.hi + 1), within(buyers, p)
        for k, where in f.places(p):
            if k == -1 or not (k is None or f.lives(k, p)):
                continue
            member_days = int(total[span].sum() if k is None else stock[span, k].sum())
            n_days = int(present[span].any(axis=1).sum() if k is None else present[span, k].sum())
            f.book.put("member_days", p, str(member_days), **where)
            net = f.book.get("net_sales", p, **where) or Fraction(0)
            mean = Fraction(member_days, n_days) if n_days else Fraction(0)
            value = repr(float(net / mean)) if mean else ""
            f.book.put(
                "revenue_per_member", p, value, num=f"{float(net):.2f}", den=repr(float(mean)), **where
            )  # fmt: skip
            mine = here if k is None else here[here[:, 1] == k]
            people = f.book.get("period_members", p, **where)
            f.book.ratio(
                "buyer_conversion_rate", p, len(np.unique(mine[:, 2])), None if people is None else int(people),
                **where,
            )  # fmt: skip


def _referral(f: Facts) -> None:
    """Inviters per member, and invited persons per person who could invite."""
    chosen: dict[int, tuple[int, str, str]] = {}
    for r in f.c.referrals:
        if r.status != "joined" or r.inviter_person in (-1, r.invitee) or not f.counted[r.inviter_person]:
            continue
        this = (r.at, r.inviter, r.code)
        chosen[r.invitee] = min(this, chosen.get(r.invitee, this))
    invited = [f.day(at) for at, _, code in chosen.values() if code.strip()]
    for p in f.plan:
        referrers, members = f.book.get("referrers", p), f.book.get("members", p)
        f.book.ratio("referral_rate", p, int(referrers or 0), int(members or 0))
        people = f.book.get("period_members", p)
        f.book.ratio("k_factor", p, sum(p.lo <= d <= p.hi for d in invited), int(people or 0))
