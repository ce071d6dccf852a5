"""Truth of buyers, margins, campaigns, group buys, live sessions and courses.

Takes the sales that ``truth.build_sales`` makes, and counts by the definitions, cell by cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from kpi.generate.campaigns import Campaign
from kpi.generate.clock import DAY, next_month
from kpi.generate.commerce import Commerce
from kpi.generate.courses import Learner
from kpi.generate.group_buying import ENDED, POINTS, GroupOrder
from kpi.generate.world import World

if TYPE_CHECKING:
    from kpi.generate.truth import Period, Sale, Spell, _Book

SHOP_METRICS = (
    "first_time_buyers", "purchase_frequency", "repurchase_rate_90d", "second_purchase_rate_d30", "historic_ltv",
    "cac", "ltv_to_cac", "average_selling_price", "discount_rate", "gross_profit", "community_roi", "influenced_sales",
    "campaign_participants", "campaign_participation_rate", "campaign_conversion_rate", "group_buy_success_rate",
    "live_viewers", "live_interactions", "live_conversion_rate", "course_completion_rate", "course_conversion_rate",
)  # fmt: skip
UNATTRIBUTED = "unattributed"
AGES = range(30, 361, 30)
LTV_AGE = 90


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


@dataclass
class Shops:
    """What these cells are counted from. Costs are (days, C + 1) fen, the last column is no community."""

    w: World
    c: Commerce
    ids: list[str]
    spells: list[Spell]
    sales: list[Sale]
    counted: np.ndarray
    cost: np.ndarray
    acquisition: np.ndarray
    stays: dict[str, list[Spell]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, Sale] = field(default_factory=dict)
    orders: dict[str, list[Sale]] = field(default_factory=lambda: defaultdict(list))  # valid ones

    def __post_init__(self) -> None:
        for s in self.spells:
            self.stays[self.ids[s.person]].append(s)
        for s in self.sales:  # ascending by payment
            if s.valid:
                self.first.setdefault(s.person, s)
                self.orders[s.person].append(s)

    @property
    def excluded(self) -> set[str]:
        """Persons who are not counted."""
        return {self.ids[p] for p in range(self.w.n_people) if not self.counted[p]}

    def day(self, t: int) -> int:
        """Day number of an instant."""
        return (t - self.w.cfg.h0) // DAY

    def name(self, comm: int) -> str:
        """Chat id of a community index, or the value for none."""
        return self.w.communities[comm].chat_id if comm >= 0 else UNATTRIBUTED

    def alive(self, comm: int, p: Period) -> bool:
        """Whether a community exists on a day of the period; no community always does."""
        if comm < 0:
            return True
        x = self.w.communities[comm]
        return self.day(x.created) <= p.hi and self.day(x.dismissed) >= p.lo


def fill_shops(book: _Book, plan: list[Period], shops: Shops) -> None:
    """Put all cells of ``SHOP_METRICS`` into ``book``."""
    by_day: dict[int, list[Sale]] = defaultdict(list)
    for s in shops.sales:
        by_day[s.day].append(s)
    width = shops.w.cfg.communities
    for p in plan:
        paid = [s for d in range(p.lo, p.hi + 1) for s in by_day.get(d, [])]
        _buyer_cells(book, p, shops, paid, None)
        _repurchase(book, p, shops, by_day)
        influenced = [s for s in paid if _inside(shops, s)]
        book.put("influenced_sales", p, _yuan(sum(s.net for s in influenced)))
        if p.grain != "month":
            continue
        for k in [*range(width), -1]:
            _buyer_cells(book, p, shops, [s for s in paid if s.comm == k], k)
        _lifetime_value(book, p, shops)
    _campaign_cells(book, plan, shops)
    _group_buy_cells(book, plan, shops)
    _live_cells(book, plan, shops)
    _course_cells(book, plan, shops)


def _inside(shops: Shops, s: Sale) -> bool:
    return any(x.start <= s.paid and (x.to is None or s.paid < x.to) for x in shops.stays.get(s.person, []))


def _buyer_cells(book: _Book, p: Period, shops: Shops, paid: list[Sale], k: int | None) -> None:
    """Cells of one period and community (None all, -1 none) that follow from its sales and costs."""
    where = {} if k is None else {"comm": shops.name(k)}
    lives = k is None or shops.alive(k, p)
    valid = [s for s in paid if s.valid]
    beginners = [s for s in valid if shops.first[s.person] is s]
    buyers = {s.person for s in valid}
    visits = {(s.person, s.day) for s in valid}
    days = slice(p.lo, p.hi + 1)
    columns = slice(None) if k is None else k
    spent, gained = int(shops.cost[days, columns].sum()), int(shops.acquisition[days, columns].sum())
    known = [s for s in paid if s.cost is not None]
    if lives or paid:
        book.put("first_time_buyers", p, str(len(beginners)), **where)
        profit = _yuan(sum(s.net - s.cost for s in known))
        book.put("gross_profit", p, profit if known or not paid else "", **where)
    book.ratio("purchase_frequency", p, len(visits), len(buyers), **where)
    book.ratio("cac", p, gained, len(beginners) if lives or spent else None, money=(True, False), **where)
    sold = [s for s in valid if s.units is not None]
    book.ratio(
        "average_selling_price", p, sum(s.net for s in sold), sum(s.units for s in sold), money=(True, False), **where
    )
    discount, listed = (sum(x) for x in zip((0, 0), *((s.order.discount, s.order.goods) for s in paid), strict=True))
    book.ratio("discount_rate", p, discount, listed, money=(True, True), **where)
    # cohort of first purchases in the period, as far as it is 30 days old
    ripe = [s for s in beginners if s.day + 30 < shops.w.cfg.days]
    again = sum(1 for s in ripe if any(s.day < x.day <= s.day + 30 for x in shops.orders[s.person]))
    book.ratio("second_purchase_rate_d30", p, again, len(ripe), **where)
    if k == -1:
        return
    credited = [s for s in paid if s.comm >= 0]
    if any(s.cost is None for s in credited):
        book.put("community_roi", p, "", num="", den=_yuan(spent), **where)
    else:
        gain = sum(s.net - s.cost for s in credited)
        book.ratio("community_roi", p, gain - spent, spent, money=(True, True), **where)


def _repurchase(book: _Book, p: Period, shops: Shops, by_day: dict[int, list[Sale]]) -> None:
    if p.hi < 89:
        book.put("repurchase_rate_90d", p, "")
        return
    visits: dict[str, set[int]] = defaultdict(set)
    for d in range(p.hi - 89, p.hi + 1):
        for s in by_day.get(d, []):
            if s.valid:
                visits[s.person].add(d)
    book.ratio("repurchase_rate_90d", p, sum(len(v) >= 2 for v in visits.values()), len(visits))


def _lifetime_value(book: _Book, p: Period, shops: Shops) -> None:
    cfg = shops.w.cfg
    last = (next_month(p.start) - timedelta(days=1) - cfg.start).days
    cohort = {person for person, s in shops.first.items() if p.lo <= s.day <= p.hi}
    total = {}
    for age in AGES:
        if last + age >= cfg.days:
            break
        total[age] = sum(
            s.net for person in cohort for s in shops.orders[person] if s.day <= shops.first[person].day + age
        )
        other = ("buyer_age__age_days", str(age))
        book.ratio("historic_ltv", p, total[age], len(cohort), money=(True, False), other=other)
    if len(total) == 1:  # without an age: a value where there is one, none where several would be mixed
        book.ratio("historic_ltv", p, next(iter(total.values())), len(cohort), money=(True, False))
    else:
        book.put("historic_ltv", p, "")
    gained = int(shops.acquisition[p.lo : p.hi + 1].sum())
    if LTV_AGE not in total or not cohort or not gained:
        book.put("ltv_to_cac", p, "")
        return
    worth, price = Fraction(total[LTV_AGE], 100 * len(cohort)), Fraction(gained, 100 * len(cohort))
    book.put("ltv_to_cac", p, repr(float(worth / price)), num=repr(float(worth)), den=repr(float(price)))


def _cells(
    plan: list[Period], day: Callable[[Any], int], comm: Callable[[Any], str] | None, things: Iterable
) -> list[tuple[Period, str, list]]:
    """(period, community or blank, things) for every period that has any, by community for months."""
    out = []
    things = list(things)
    for p in plan:
        mine = [x for x in things if p.lo <= day(x) <= p.hi]
        if not mine:
            continue
        out.append((p, "", mine))
        if p.grain == "month" and comm is not None:
            out += [(p, name, [x for x in mine if comm(x) == name]) for name in sorted({comm(x) for x in mine})]
    return out


@dataclass
class _Outcome:
    """People of one campaign."""

    reached: set[str] = field(default_factory=set)
    joined: set[str] = field(default_factory=set)
    bought: set[str] = field(default_factory=set)


def campaign_outcomes(shops: Shops) -> dict[str, _Outcome]:
    """Reached persons, participants and buyers of every campaign that has begun."""
    cfg = shops.w.cfg
    stop = cfg.h0 + cfg.days * DAY
    begun = [x for x in shops.c.campaigns if x.start < stop]
    out = {x.campaign_id: _Outcome() for x in begun}
    excluded = shops.excluded
    told: dict[tuple[str, str], int] = {}
    for r in shops.c.reaches:
        person = shops.ids[r.person] if r.person >= 0 else r.key
        one = out.get(r.campaign.campaign_id)
        if one is None or r.at >= stop or person in excluded:
            continue
        low, high = r.campaign.window
        one.reached.add(person)
        if r.action != "reach" and low <= r.at < high:
            one.joined.add(person)
        key = r.campaign.campaign_id, person
        told[key] = min(r.at, told.get(key, r.at))
    for x in begun:
        low, high = x.window
        for s in shops.spells:
            if s.comm != x.comm or not shops.counted[s.person]:
                continue
            if s.start < high and (s.to is None or s.to > low):
                out[x.campaign_id].reached.add(shops.ids[s.person])
                if s.start >= low:
                    out[x.campaign_id].joined.add(shops.ids[s.person])
    for s in shops.sales:
        if not s.valid:
            continue
        fits: list[Campaign] = []
        for x in begun:
            low, high = x.window
            heard = told.get((x.campaign_id, s.person))
            mine = s.comm == x.comm if x.comm >= 0 else heard is not None and heard <= s.paid
            if low <= s.paid < high and mine:
                fits.append(x)
        if fits:
            one = out[min(fits, key=lambda x: (-x.start, x.campaign_id)).campaign_id]
            for people in (one.reached, one.joined, one.bought):
                people.add(s.person)
    return out


def _campaign_cells(book: _Book, plan: list[Period], shops: Shops) -> None:
    people = campaign_outcomes(shops)
    begun = [x for x in shops.c.campaigns if x.campaign_id in people]
    for p, comm, mine in _cells(plan, lambda x: shops.day(x.start), lambda x: shops.name(x.comm), begun):
        reached, joined, bought = (
            set().union(*(getattr(people[x.campaign_id], part) for x in mine))
            for part in ("reached", "joined", "bought")
        )
        book.put("campaign_participants", p, str(len(joined)), comm=comm)
        book.ratio("campaign_participation_rate", p, len(joined), len(reached), comm=comm)
        book.ratio("campaign_conversion_rate", p, len(bought), len(reached), comm=comm)


def _group_buy_cells(book: _Book, plan: list[Period], shops: Shops) -> None:
    cfg = shops.w.cfg
    numbers: dict[str, set[int]] = defaultdict(set)
    latest = {v.order.number: v for v in sorted(shops.c.versions, key=lambda v: v.exported)}
    for v in latest.values():
        o = v.order
        if isinstance(o, GroupOrder) and o.mall != POINTS and v.paid is not None and not o.step(v.exported)[3]:
            numbers[o.activity].add(o.number_in_activity)
    stop = cfg.h0 + cfg.days * DAY
    ended = [a for a in shops.c.activities if a.status(cfg.end) == ENDED and a.end < stop]
    for p, comm, mine in _cells(plan, lambda a: shops.day(a.start), lambda a: shops.name(a.comm), ended):
        done = sum(len(numbers[a.no]) >= a.quorum for a in mine)
        book.ratio("group_buy_success_rate", p, done, len(mine), comm=comm)


def _live_cells(book: _Book, plan: list[Period], shops: Shops) -> None:
    for p, _, mine in _cells(plan, lambda s: shops.day(s.start), None, shops.c.sessions):
        viewers = sum(s.watched for s in mine)
        book.put("live_viewers", p, str(viewers))
        book.put("live_interactions", p, str(sum(s.comments + s.likes + s.shares for s in mine)))
        book.ratio("live_conversion_rate", p, sum(s.buyers for s in mine), viewers)


@dataclass
class _Trial:
    """One person in the trial group of a course."""

    comm: int
    day: int
    bought: bool


def _course_cells(book: _Book, plan: list[Period], shops: Shops) -> None:
    cfg = shops.w.cfg
    stop, excluded = cfg.h0 + cfg.days * DAY, shops.excluded
    known = {key: p for p, key in enumerate(shops.w.wm)}
    ripe, paid = [], defaultdict(list)
    for x in shops.c.learners:
        if x.kind != "paid" or x.key.startswith("st_"):
            continue
        person = shops.ids[known[x.key]] if x.key in known else x.key
        if person in excluded:
            continue
        paid[x.course.course_id, person].append(x.enrolled)
        if x.course.last <= cfg.as_of and 0 <= shops.day(x.enrolled) < cfg.days:
            ripe.append(x)

    def finished(x: Learner) -> bool:
        at = x.finished_at(cfg.end)
        return at is not None and at < stop

    for p, comm, mine in _cells(plan, lambda x: shops.day(x.enrolled), lambda x: shops.name(x.course.trial), ripe):
        book.ratio("course_completion_rate", p, sum(map(finished, mine)), len(mine), comm=comm)
    trials = []
    for course in shops.c.courses:
        first: dict[str, Spell] = {}
        for s in shops.spells:
            if s.comm == course.trial and shops.counted[s.person] and shops.day(s.start) >= 0 and not s.unknown:
                person = shops.ids[s.person]
                first[person] = min(first.get(person, s), s, key=lambda s: s.start)
        for person, s in first.items():
            bought = any(s.start <= t < stop for t in paid[course.course_id, person])
            trials.append(_Trial(course.trial, shops.day(s.start), bought))
    for p, comm, mine in _cells(plan, lambda x: x.day, lambda x: shops.name(x.comm), trials):
        book.ratio("course_conversion_rate", p, sum(x.bought for x in mine), len(mine), comm=comm)
