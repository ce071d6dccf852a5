"""Every metric of the catalogue, computed from the simulated facts without SQL.

The input is what the simulation put into the exports (arrays and records in memory), the output a
long CSV. Rules are applied literally: stays are rebuilt from callbacks and member list pulls, not
taken from the simulation. Days are numbered from H = 0; BIG marks an open end.

Cells: every metric for day, week (Monday) and month over all communities; month also per community;
membership and impression metrics per month and channel; segments per month.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np

from kpi.generate.clock import DAY
from kpi.generate.commerce import Commerce, Order, Version
from kpi.generate.engagement import Engagement
from kpi.generate.exports import buyer_phone, snapshot_rows
from kpi.generate.group_buying import POINTS, GroupOrder
from kpi.generate.messages import MessageLog, MessageTally
from kpi.generate.names import PRODUCTS
from kpi.generate.privacy import Privacy
from kpi.generate.shop_exports import odd_youzan
from kpi.generate.staffing import Staffing
from kpi.generate.truth_privacy import has_refused
from kpi.generate.truth_shops import SHOP_METRICS, Shops, fill_shops
from kpi.generate.world import DISSOLVED, World

BIG = 10**9
GRACE = 24 * 3600
UNATTRIBUTED = "unattributed"
R_SELF, R_REMOVED, R_DISSOLVED, R_UNKNOWN, R_TRANSFERRED, R_OPEN = range(6)
SEGMENTS = ("observing", "low_demand", "need_driven", "loyal", "bargain", "regular_repeat", "not_profiled")
WITHOUT_SHARE = ("observing", "not_profiled")
HEADER = (
    "metric", "grain", "period_start", "community_id", "channel_id", "segment", "numerator",
    "denominator", "value", "other_dimension", "other_value",
)  # fmt: skip
METRICS = (
    "impressions", "exposed_persons", "new_memberships", "leaves", "voluntary_leaves",
    "removed_memberships", "dissolved_memberships", "net_membership_growth", "memberships",
    "members", "memberships_at_risk", "period_members", "leave_rate", "voluntary_leave_rate",
    "leave_rate_closing_base", "member_growth_rate", "join_rate", "acquisition_cost", "messages",
    "customer_messages", "effective_messages", "speakers", "interaction_rate",
    "messages_per_member", "messages_per_speaker", "membership_retention_rate_d1",
    "membership_retention_rate_d7", "membership_retention_rate_d30", "orders", "buyers",
    "units_sold", "gross_sales", "net_sales", "refund_amount", "refund_rate",
    "order_conversion_rate", "revenue_per_buyer", "average_order_value", "community_cost",
    "community_roas", "cost_to_sales_ratio", "successful_referrals", "referrers",
    *SHOP_METRICS,
    "segment_members", "segment_share",
    # truth_people.py
    "new_members", "lost_members", "unique_join_rate", "cost_per_new_member",
    "channel_conversion_rate", "activation_rate_7d", "member_days", "active_members",
    "daily_active_members", "weekly_active_members", "monthly_active_members", "stickiness",
    "active_rate", "activity_retention_rate_d7", "activity_retention_rate_d30", "churn_rate_d30",
    "returning_members", "resurrected_members", "dormant_members", "growth_quick_ratio",
    "referral_rate", "k_factor", "revenue_per_member", "buyer_conversion_rate",
    # truth_engagement.py
    "staff_message_share", "negative_message_rate", "topic_mentions", "first_response_minutes",
    "red_packets_sent", "red_packet_amount", "content_views", "content_clicks",
    "click_through_rate", "comments", "likes", "shares", "check_ins", "interactions",
    "interactions_per_active_member", "ugc_posts", "csat", "nps", "survey_response_rate",
    # truth_staff.py
    "new_contacts", "staff_chats", "staff_messages", "lost_contacts", "staff_reply_rate",
    "first_reply_minutes", "target_value", "target_attainment_rate",
)  # fmt: skip
SALES_KINDS = ("普通订单", "拼团订单")
ACQUISITION_KINDS = ("入群礼", "引流品")
OBSERVE_DAYS, WINDOW, BLOCK, PRICE_FEN = 90, 90, 30, 8000
TIERS = ("ordinary", "ordinary_loyal", "high_value_loyal", "not_profiled")
HIGH_VALUE_FEN = 50_000
UNIT_COST = [int(p[4].replace(".", "")) for p in PRODUCTS]


def fen_text(fen: int) -> str:
    """Yuan with two decimals of integer fen, exactly."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


@dataclass
class Spell:
    """One rebuilt stay. Instants in epoch seconds, ``to`` None while open at as_of."""

    person: int
    comm: int
    start: int
    to: int | None
    reason: int = R_OPEN
    unknown: bool = False
    channel: str = UNATTRIBUTED


@dataclass
class Sale:
    """One order in its latest version. Money in fen, ``day`` counted from H."""

    order: Order
    person: str
    paid: int
    day: int
    amount: int
    refunded: int
    comm: int = -1
    rises: list[tuple[int, int]] = field(default_factory=list)  # (day, fen)
    units: int | None = None  # None: no lines known
    cost: int | None = None  # fen, None: no lines or a product without a cost

    @property
    def net(self) -> int:
        """What was kept of the paid amount."""
        return self.amount - self.refunded

    @property
    def valid(self) -> bool:
        """Something of the paid amount was kept."""
        return self.refunded < self.amount


@dataclass
class Period:
    """A calendar period cut to the covered days ``lo``..``hi`` (numbers, both included)."""

    grain: str
    start: date
    lo: int
    hi: int


def person_ids(w: World) -> list[str]:
    """(P,) identity per person: the unionid key if any export row shows one, else the wm key."""
    shown = np.zeros(w.n_people, bool)
    for t in w.cfg.snapshot_times():
        rows = snapshot_rows(w, t)
        shown[w.person[rows]] |= w.union_members[w.person[rows]]
    for r in w.customers:
        if r.unionid:
            shown[r.person] = True
    return [w.un[p] if shown[p] else w.wm[p] for p in range(w.n_people)]


def build_spells(w: World) -> list[Spell]:
    """Rebuild all stays of external people from the observable evidence, in (pair, time) order."""
    cfg = w.cfg
    h0, end, width = cfg.h0, cfg.end, cfg.communities
    pulls = cfg.snapshot_times()
    created = np.array([c.created for c in w.communities], dtype=np.int64)
    dismissed = np.array([c.dismissed for c in w.communities], dtype=np.int64)
    pair = w.person * width + w.comm

    told_in = (w.t_in >= h0) & (w.t_in < end) & ~w.lost_in & ~w.blank_in
    told_out = (w.t_out >= h0) & (w.t_out < end) & ~w.lost_out & ~w.blank_out
    told_out &= w.quit != DISSOLVED
    present = [snapshot_rows(w, t) for t in pulls]

    join_pair = np.concatenate([pair[told_in], *(pair[r] for r in present)])
    join_t = np.concatenate([w.t_in[told_in], *(w.t_in[r] for r in present)])
    out_pair, out_t, out_why = [pair[told_out]], [w.t_out[told_out]], [w.quit[told_out]]
    if w.extra_leaves:
        extra = np.array(w.extra_leaves, dtype=np.int64)
        out_pair.append(extra[:, 0] * width + extra[:, 1])
        out_t.append(extra[:, 2])
        out_why.append(extra[:, 3])
    # somebody who joined before a pull of the group and is not in it has left by then
    known, inverse = np.unique(join_pair, return_inverse=True)
    earliest = np.full(known.size, np.iinfo(np.int64).max)
    np.minimum.at(earliest, inverse, join_t)
    group = known % width
    for t, rows in zip(pulls, present, strict=True):
        returned = (created < t) & (t < dismissed)
        missing = returned[group] & (earliest < t) & ~np.isin(known, pair[rows])
        k = int(missing.sum())
        out_pair.append(known[missing])
        out_t.append(np.full(k, t))
        out_why.append(np.full(k, R_UNKNOWN))

    ev_pair = np.concatenate([join_pair, *out_pair])
    ev_t = np.concatenate([join_t, *out_t])
    ev_join = np.concatenate([np.ones(join_pair.size, int), np.zeros(ev_pair.size - join_pair.size, int)])
    ev_why = np.concatenate([np.full(join_pair.size, -1), *out_why])
    valid = ev_t <= dismissed[ev_pair % width]
    ev_pair, ev_t, ev_join, ev_why = (a[valid] for a in (ev_pair, ev_t, ev_join, ev_why))
    order = np.lexsort((ev_why, ev_join, ev_t, ev_pair))

    spells: list[Spell] = []
    at, inside, first = -1, False, 0
    for key, t, join, why in zip(
        ev_pair[order].tolist(), ev_t[order].tolist(), ev_join[order].tolist(),
        ev_why[order].tolist(), strict=True,
    ):  # fmt: skip
        if key != at:
            at, inside, first = key, False, len(spells)
        p, c = divmod(key, width)
        if join:
            if inside:
                continue
            inside = True
            if len(spells) > first and t - spells[-1].to <= GRACE:  # type: ignore[operator]
                spells[-1].to, spells[-1].reason = None, R_OPEN
            else:
                spells.append(Spell(p, c, t, None))
        elif inside:
            inside = False
            spells[-1].to, spells[-1].reason = t, why
        elif len(spells) == first:
            earlier = [s for s in pulls if s < t and created[c] < s < dismissed[c]]
            start = max([*earlier[-1:], int(created[c]), h0])
            spells.append(Spell(p, c, start, t, why, unknown=True))

    last = h0 + cfg.days * DAY  # leaves from here on are not known yet
    for s in spells:
        gone = int(dismissed[s.comm])
        if s.to is None and gone < last:
            s.to, s.reason = gone, R_DISSOLVED
        elif s.to is not None and s.to >= last:
            s.to, s.reason = None, R_OPEN
    _mark_transfers(w, spells)
    return [s for s in spells if s.start < last]


def _mark_transfers(w: World, spells: list[Spell]) -> None:
    family = [c.family for c in w.communities]
    by_person: dict[int, list[Spell]] = defaultdict(list)
    for s in spells:
        if family[s.comm]:
            by_person[s.person].append(s)
    for mine in by_person.values():
        for a in mine:
            if a.reason not in (R_SELF, R_REMOVED, R_UNKNOWN) or a.to is None:
                continue
            if any(
                b.comm != a.comm and family[b.comm] == family[a.comm] and not b.unknown and abs(b.start - a.to) <= GRACE
                for b in mine
            ):
                a.reason = R_TRANSFERRED


def assign_channels(w: World, spells: list[Spell]) -> None:
    """Set ``channel`` of every spell from pull states, else from the person's customer rows."""
    by_state = {ch.state: ch.channel_id for ch in w.channels}
    names = [ch.state for ch in w.channels]
    seen: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for t in w.cfg.snapshot_times():  # ascending, so the last entry is the latest pull
        for i in snapshot_rows(w, t).tolist():
            if w.state[i] >= 0:
                seen[int(w.person[i]), int(w.comm[i])].append((int(w.t_in[i]), int(w.state[i])))
    contact: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in current_customers(w):
        if row.state:
            contact[row.person].append((row.created, row.state))
    for s in spells:
        state = ""
        for joined, k in reversed(seen.get((s.person, s.comm), [])):
            if s.start <= joined and (s.to is None or joined < s.to):
                state = names[k]
                break
        if not state:
            state = min((x for x in contact.get(s.person, []) if x[0] <= s.start), default=(0, ""))[1]
        s.channel = by_state.get(state, UNATTRIBUTED)


def current_customers(w: World) -> list:
    """Customer rows as of the last pull that shows each (customer, follower)."""
    latest: dict[tuple[int, int], object] = {}
    for row in sorted(w.customers, key=lambda r: r.pull):
        latest[row.person, row.follower] = row
    return list(latest.values())


def build_sales(w: World, c: Commerce, ids: list[str], spells: list[Spell]) -> list[Sale]:
    """Paid orders of the covered days with person, community and refund rises."""
    cfg = w.cfg
    person_of = {key: p for p, key in enumerate(ids)}
    holders: dict[str, set[str]] = defaultdict(set)
    for row in current_customers(w):
        for raw in row.phones:
            holders[w.keys.key("ph", raw)].add(ids[row.person])
    versions: dict[tuple[str, str], list[Version]] = defaultdict(list)
    for v in c.versions:
        versions[v.order.system, v.order.number].append(v)

    stays: dict[tuple[int, int], list[Spell]] = defaultdict(list)
    for s in spells:
        stays[s.person, s.comm].append(s)
    clicks: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for k in c.clicks:
        clicks[ids[k.person]].append((k.at_ms, k.comm))
    for mine in clicks.values():
        mine.sort()
    by_code = {x.promo: x.idx for x in w.communities if x.promo}

    resold = {v.order.sale for v in c.versions if isinstance(v.order, GroupOrder) and v.order.resold}
    without, unlisted = odd_youzan(w, c)

    # a store buyer whose unionid any export of an order shows is that person in all orders
    shown = {v.order.buyer for v in c.versions if v.order.system == "store" and _shows_union(w, v.order)}
    out: list[Sale] = []
    for life in versions.values():
        life.sort(key=lambda v: v.exported)
        last, o = life[-1], life[-1].order
        if last.paid is None or last.unpaid_status or o.amount <= 0:
            continue
        if o.system == "youzan" and o.kind not in SALES_KINDS:
            continue
        if isinstance(o, GroupOrder) and (o.mall == POINTS or (not o.resold and o.sale in resold)):
            continue  # paid with points, or the supplier's side of a sale whose reseller is known
        day = (last.paid - cfg.h0) // DAY
        if not 0 <= day < cfg.days:
            continue
        sale = Sale(o, _buyer(w, o, holders, shown), last.paid, day, o.amount, last.refunded)
        p = person_of.get(sale.person, -1)
        if w.roles.get(p) in ("shill", "test"):
            continue  # bought to be seen or to try the shop, not a sale
        before = 0
        for v in life:
            rise = v.refunded - before
            before = v.refunded
            if rise > 0:
                if o.system != "youzan":
                    when = max((v.updated - cfg.h0) // DAY, day)
                else:
                    when = max((v.exported - cfg.h0) // DAY - 1, day)
                sale.rises.append((when, rise))
        if o.number not in without:
            sale.units = sum(x.count for x in o.lines if not x.gift)
            sale.cost = None if o.number == unlisted else cost_of_goods(last)
        sale.comm = _attribute(w, sale, p, by_code, clicks.get(sale.person, []), stays)
        out.append(sale)
    out.sort(key=lambda s: (s.paid, s.order.number))
    return out


def cost_of_goods(v: Version) -> int:
    """Fen of the goods, gifts included, that were not given back as of a version."""
    o, total = v.order, 0
    for x in o.lines:
        if isinstance(o, GroupOrder):
            back = o.back(x, v.exported)
        elif v.refunded >= o.amount and (o.system == "youzan" or o.full_refund <= v.exported):
            back = x.count
        else:
            back = x.returned if o.system == "store" and x.returned_at <= v.exported else 0
        total += (x.count - back) * UNIT_COST[x.product]
    return total


def _shows_union(w: World, o: Order) -> bool:
    return bool(o.unionid and (o.buyer < 0 or w.union[o.buyer]))


def _buyer(w: World, o: Order, holders: dict[str, set[str]], shown: set[int]) -> str:
    if o.system == "youzan":
        phone = buyer_phone(w, o.buyer)
        owners = holders.get(phone, set())
        return next(iter(owners)) if len(owners) == 1 else phone
    raw: int | str = o.buyer if o.buyer >= 0 else f"out{-o.buyer}"
    return w.keys.key("un" if o.buyer in shown else "op", raw)


def _attribute(
    w: World, sale: Sale, p: int, by_code: dict[str, int], clicks: list[tuple[int, int]],
    stays: dict[tuple[int, int], list[Spell]],
) -> int:  # fmt: skip
    """Community index an order belongs to, -1 for none."""
    coded = by_code.get(sale.order.promo, -1) if sale.order.system == "youzan" else -1
    if isinstance(sale.order, GroupOrder):
        coded = sale.order.comm
    if coded >= 0:
        starts = [s.start for s in stays.get((p, coded), [])]
        if not starts or min(starts) <= sale.paid:
            return coded
    best: tuple[int, str, int] | None = None
    paid_ms = sale.paid * 1000
    for at, comm in clicks[: bisect_left(clicks, (paid_ms + 1, -1))]:
        c = w.communities[comm]
        if paid_ms - at > (1 if c.kind == "flash" else 7) * DAY * 1000:
            continue
        if not any(s.start <= sale.paid and (s.to is None or sale.paid < s.to) for s in stays.get((p, comm), [])):
            continue
        if best is None or at > best[0] or (at == best[0] and c.chat_id < best[1]):
            best = (at, c.chat_id, comm)
    return best[2] if best else -1


def build_referrals(
    w: World, c: Commerce, ids: list[str], sales: list[Sale], counted: np.ndarray
) -> list[tuple[int, int]]:
    """Successful referrals as (day of the invitee's first valid order, inviter person)."""
    first: dict[str, Sale] = {}
    for s in sales:  # ascending by payment
        if s.valid:
            first.setdefault(s.person, s)
    chosen: dict[int, tuple[int, str, int]] = {}
    for r in c.referrals:
        if r.status != "joined" or r.inviter_person < 0 or not counted[r.inviter_person]:
            continue
        if r.inviter_person == r.invitee:
            continue
        this = (r.at, r.inviter, r.inviter_person)
        chosen[r.invitee] = min(this, chosen.get(r.invitee, this))
    out = []
    for invitee, (at, _, inviter) in sorted(chosen.items()):
        sale = first.get(ids[invitee])
        if sale is not None and sale.paid >= at:
            out.append((sale.day, inviter))
    return out


def spread(amount: int, n: int, k: int) -> int:
    """Fen of an ``amount`` that fall on day ``k`` (1..n) of ``n``: rounded running sums."""

    def upto(j: int) -> int:
        return (2 * amount * j + n) // (2 * n)

    return upto(k) - upto(k - 1)


def periods(start: date, days: int) -> list[Period]:
    """All days, weeks and months that the covered days touch."""
    out: list[Period] = []
    for d in range(days):
        day = start + timedelta(days=d)
        keys = (
            ("day", day),
            ("week", day - timedelta(days=day.weekday())),
            ("month", day.replace(day=1)),
        )
        for grain, first in keys:
            known = next((p for p in reversed(out) if p.grain == grain), None)
            if known is not None and known.start == first:
                known.hi = d
            else:
                out.append(Period(grain, first, d, d))
    return out


class _Book:
    """Collects cells in the three value kinds: counts, money, ratios."""

    def __init__(self) -> None:
        self.rows: list[tuple] = []
        self._cells: dict[tuple, str] = {}
        self._rank = {m: i for i, m in enumerate(METRICS)}

    def put(
        self, metric: str, p: Period, value: str, *, comm: str = "", channel: str = "",
        segment: str = "", num: str = "", den: str = "", other: tuple[str, str] = ("", ""),
    ) -> None:  # fmt: skip
        grain = ("day", "week", "month").index(p.grain)
        key = (self._rank[metric], grain, p.start, comm, channel, segment, *other)
        row = (metric, p.grain, p.start.isoformat(), comm, channel, segment, num, den, value, *other)
        self.rows.append((key, row))
        if not any(other):
            self._cells[metric, p.grain, p.start, comm, channel, segment] = value

    def get(self, metric: str, p: Period, *, comm: str = "", channel: str = "") -> Fraction | None:
        """Value of a cell that was put before, None where it is blank or absent."""
        text = self._cells.get((metric, p.grain, p.start, comm, channel, ""), "")
        return Fraction(text) if text else None

    def ratio(
        self, metric: str, p: Period, num: int, den: int | None, *,
        money: tuple[bool, bool] = (False, False), **where,
    ) -> None:  # fmt: skip
        """Num / den; ``money`` says which of them is in fen. NULL when den is 0 or None."""
        top = Fraction(num, 100 if money[0] else 1)
        text = fen_text(num) if money[0] else str(num)
        if den is None:
            self.put(metric, p, "", num=text, den="", **where)
            return
        bottom = Fraction(den, 100 if money[1] else 1)
        under = fen_text(den) if money[1] else str(den)
        value = repr(float(top / bottom)) if den else ""
        self.put(metric, p, value, num=text, den=under, **where)


@dataclass
class Side:
    """What is simulated beside memberships, messages per day and orders."""

    log: MessageLog
    engagement: Engagement
    staffing: Staffing
    privacy: Privacy


def write_truth(w: World, c: Commerce, tally: MessageTally, side: Side, path: Path) -> int:
    """Compute all cells and write them as CSV to ``path``. Returns the number of rows."""
    rows = compute(w, c, tally, side)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)
    return len(rows)


def compute(w: World, c: Commerce, tally: MessageTally, side: Side) -> list[tuple[str, ...]]:
    """All truth rows, columns as ``HEADER``, sorted by metric, grain, period and dimensions."""
    from kpi.generate.truth_engagement import engagement_cells
    from kpi.generate.truth_people import Facts, people_cells
    from kpi.generate.truth_staff import staff_cells

    cfg = w.cfg
    ids = person_ids(w)
    spells = build_spells(w)
    assign_channels(w, spells)
    sales = build_sales(w, c, ids, spells)
    counted = np.ones(w.n_people, bool)
    counted[[p for p, r in w.roles.items() if r not in ("customer", "kol")]] = False
    referrals = build_referrals(w, c, ids, sales, counted)
    book = _Book()
    plan = periods(cfg.start, cfg.days)
    _Members(w, c, tally, [s for s in spells if counted[s.person]]).fill(book, plan, sales)
    cost = _money(w, c, sales, book, plan)
    fill_shops(book, plan, Shops(w, c, ids, spells, sales, counted, *cost))
    for p in plan:
        mine = [r for r in referrals if p.lo <= r[0] <= p.hi]
        book.put("successful_referrals", p, str(len(mine)))
        book.put("referrers", p, str(len({r[1] for r in mine})))
    _segments(w, ids, spells, sales, referrals, counted, book, plan, side.privacy)
    facts = Facts(w, c, tally, side, ids, spells, sales, counted, book, plan)
    engagement_cells(facts)
    people_cells(facts)
    staff_cells(facts)
    book.rows.sort(key=lambda x: x[0])
    return [row for _, row in book.rows]


def lifetime(w: World, comm: int) -> tuple[int, int]:
    """First and last covered day number on which a community exists."""
    x = w.communities[comm]
    first = max(0, (x.created - w.cfg.h0) // DAY)
    last = min(w.cfg.days - 1, (x.dismissed - w.cfg.h0) // DAY)
    return int(first), int(last)


class _Members:
    """Stock, flow, retention, message, impression and conversion cells."""

    def __init__(self, w: World, c: Commerce, tally: MessageTally, spells: list[Spell]) -> None:
        self.w, self.tally, self.spells = w, tally, spells
        cfg = w.cfg
        h0, days, width = cfg.h0, cfg.days, cfg.communities
        self.person = np.array([s.person for s in spells], np.int64)
        self.comm = np.array([s.comm for s in spells], np.int64)
        self.joined = np.array([(s.start - h0) // DAY for s in spells], np.int64)
        self.left = np.array([BIG if s.to is None else (s.to - h0) // DAY for s in spells], np.int64)
        self.reason = np.array([s.reason for s in spells], np.int64)
        self.unknown = np.array([s.unknown for s in spells], bool)
        self.channels = [*sorted({ch.channel_id for ch in w.channels}), UNATTRIBUTED]
        place = {name: i for i, name in enumerate(self.channels)}
        self.channel = np.array([place[s.channel] for s in spells], np.int64)
        ad_ids = {ch.channel_id for ch in w.channels if ch.system in ("tencent_ads", "oceanengine")}
        self.is_ad = np.array([name in ad_ids for name in self.channels])
        self.life = [lifetime(w, k) for k in range(width)]
        self.closing = np.zeros((days, width), np.int64)
        self.present = np.zeros((days, width), bool)
        for k, (first, last) in enumerate(self.life):
            self.present[first : last + 1, k] = True
            mine = self.comm == k
            step = np.zeros(days + 1, np.int64)
            begin = np.clip(self.joined[mine], 0, days)
            finish = np.clip(self.left[mine], 0, days)
            np.add.at(step, begin, 1)
            np.add.at(step, np.maximum(begin, finish), -1)
            self.closing[:, k] = np.where(self.present[:, k], np.cumsum(step)[:days], 0)
        shape = (days, width + 1)
        self.views, self.users = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.has_users = np.zeros(shape, bool)
        self.channel_views = np.zeros((days, len(self.channels)), np.int64)
        for a in c.ads:
            ch = w.channels[a.channel]
            d = (a.day - cfg.start).days
            k = ch.community if ch.community >= 0 else width
            self.views[d, k] += a.views
            self.channel_views[d, place[ch.channel_id]] += a.views
            if a.users is not None:
                self.users[d, k] += a.users
                self.has_users[d, k] = True
        self.kept = {n: self._kept(n) for n in (1, 7, 30)}

    def _kept(self, n: int) -> np.ndarray:
        """(spells,) 1 kept, 0 gone, -1 not in a matured cohort, at the end of day joined + n."""
        stays: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for p, k, a, b in zip(
            self.person.tolist(), self.comm.tolist(), self.joined.tolist(), self.left.tolist(),
            strict=True,
        ):  # fmt: skip
            stays[p, k].append((a, b))
        out = np.full(self.person.size, -1, np.int64)
        ripe = (self.joined >= 0) & ~self.unknown & (self.joined + n < self.w.cfg.days)
        for i in np.flatnonzero(ripe).tolist():
            day = int(self.joined[i]) + n
            mine = stays[int(self.person[i]), int(self.comm[i])]
            out[i] = any(a <= day < b for a, b in mine)
        return out

    def fill(self, book: _Book, plan: list[Period], sales: list[Sale]) -> None:
        """Put all cells of these metrics into ``book``."""
        sold = np.array([(s.day, s.comm) for s in sales if s.valid], np.int64).reshape(-1, 2)
        width = self.w.cfg.communities
        for p in plan:
            chosen = sold[(sold[:, 0] >= p.lo) & (sold[:, 0] <= p.hi), 1]
            orders = np.bincount(chosen[chosen >= 0], minlength=width)
            self._cells(book, p, None, int(orders.sum()))
            if p.grain != "month":
                continue
            for k, (first, last) in enumerate(self.life):
                if first <= p.hi and last >= p.lo:
                    self._cells(book, p, k, int(orders[k]))
            self._exposure(book, p, [width], UNATTRIBUTED, 0)
            self._channel_cells(book, p)

    def _last_days(self, p: Period) -> np.ndarray:
        """(C,) last day of each community in the period, -1 where it does not exist in it."""
        out = np.full(len(self.life), -1, np.int64)
        for k, (first, last) in enumerate(self.life):
            if first <= p.hi and last >= p.lo:
                out[k] = min(p.hi, last)
        return out

    def _cells(self, book: _Book, p: Period, k: int | None, orders: int) -> None:
        where = {} if k is None else {"comm": self.w.communities[k].chat_id}
        mine = np.ones(self.person.size, bool) if k is None else self.comm == k
        comms = slice(None) if k is None else slice(k, k + 1)

        def put(metric: str, value: int) -> None:
            book.put(metric, p, str(int(value)), **where)

        start = mine & (self.joined >= max(0, p.lo)) & (self.joined <= p.hi)
        over = mine & (self.left >= p.lo) & (self.left <= p.hi)
        by_self = int((over & (self.reason == R_SELF)).sum())
        removed = int((over & (self.reason == R_REMOVED)).sum())
        leaves = by_self + removed + int((over & (self.reason == R_UNKNOWN)).sum())
        new = int(start.sum())
        put("new_memberships", new)
        put("leaves", leaves)
        put("voluntary_leaves", by_self)
        put("removed_memberships", removed)
        put("dissolved_memberships", int((over & (self.reason == R_DISSOLVED)).sum()))
        put("net_membership_growth", new - leaves)
        last = self._last_days(p)[self.comm]
        open_ = mine & (last >= 0) & (self.joined <= last) & (self.left > last)
        closing = int(open_.sum())
        put("memberships", closing)
        put("members", self._persons(open_))
        risk = mine & (self.joined <= p.hi) & (self.left >= p.lo)
        at_risk, people = int(risk.sum()), self._persons(risk)
        put("memberships_at_risk", at_risk)
        put("period_members", people)
        book.ratio("leave_rate", p, leaves, at_risk, **where)
        book.ratio("voluntary_leave_rate", p, by_self, at_risk, **where)
        book.ratio("leave_rate_closing_base", p, leaves, closing, **where)
        opening = int((mine & (self.joined < p.lo) & (self.left >= p.lo)).sum())
        book.ratio("member_growth_rate", p, new - leaves, opening, **where)
        credited = int((start & self.is_ad[self.channel]).sum())
        units = list(range(self.views.shape[1])) if k is None else [k]
        self._exposure(book, p, units, where.get("comm", ""), credited)

        days = slice(p.lo, p.hi + 1)
        t = self.tally
        total, customer, effective, speakers = (
            int(a[days, comms].sum()) for a in (t.messages, t.customer, t.effective, t.speakers_day)
        )
        put("messages", total)
        put("customer_messages", customer)
        put("effective_messages", effective)
        put("speakers", speakers)
        stock = int(self.closing[days, comms].sum())
        book.ratio("interaction_rate", p, speakers, stock, **where)
        n_days = int(self.present[days, comms].any(axis=1).sum())
        mean = Fraction(stock, n_days) if n_days else Fraction(0)
        value = repr(float(customer / mean)) if mean else ""
        book.put("messages_per_member", p, value, num=str(customer), den=repr(float(mean)), **where)
        book.ratio("messages_per_speaker", p, effective, speakers, **where)
        for n, kept in self.kept.items():
            cohort = start & (kept >= 0)
            book.ratio(
                f"membership_retention_rate_d{n}", p, int(kept[cohort].sum()), int(cohort.sum()),
                **where,
            )  # fmt: skip
        book.ratio("order_conversion_rate", p, orders, people, **where)

    def _persons(self, mask: np.ndarray) -> int:
        return int(np.unique(self.person[mask]).size)

    def _exposure(self, book: _Book, p: Period, units: Iterable[int], comm: str, credited: int) -> None:
        units, days = list(units), slice(p.lo, p.hi + 1)
        views = int(self.views[days][:, units].sum())
        book.put("impressions", p, str(views), comm=comm)
        users = str(int(self.users[days][:, units].sum()))
        known = bool(self.has_users[days][:, units].any())
        book.put("exposed_persons", p, users if known else "", comm=comm)
        book.ratio("join_rate", p, credited, views, comm=comm)

    def _channel_cells(self, book: _Book, p: Period) -> None:
        n = len(self.channels)
        start = (self.joined >= max(0, p.lo)) & (self.joined <= p.hi)
        gone = (self.left >= p.lo) & (self.left <= p.hi)
        gone &= np.isin(self.reason, (R_SELF, R_REMOVED, R_UNKNOWN))
        last = self._last_days(p)[self.comm]
        open_ = (last >= 0) & (self.joined <= last) & (self.left > last)
        for metric, mask in (
            ("new_memberships", start), ("leaves", gone), ("memberships", open_),
        ):  # fmt: skip
            for name, count in zip(self.channels, np.bincount(self.channel[mask], minlength=n).tolist(), strict=True):
                book.put(metric, p, str(count), channel=name)
        joins = np.bincount(self.channel[start], minlength=n)
        for i in np.flatnonzero(self.is_ad).tolist():
            views = int(self.channel_views[p.lo : p.hi + 1, i].sum())
            book.put("impressions", p, str(views), channel=self.channels[i])
            book.ratio("join_rate", p, int(joins[i]), views, channel=self.channels[i])


def _money(w: World, c: Commerce, sales: list[Sale], book: _Book, plan: list[Period]) -> tuple[np.ndarray, np.ndarray]:
    """Sales, refund and cost cells. Returns (days, C + 1) fen of all and of acquisition costs."""
    cfg = w.cfg
    days, width = cfg.days, cfg.communities
    cost = np.zeros((days, width + 1), np.int64)
    acquisition = np.zeros((days, width + 1), np.int64)
    for a in c.ads:
        k = w.channels[a.channel].community
        d = (a.day - cfg.start).days
        cost[d, k] += a.cost  # community -1 is the last column
        acquisition[d, k] += a.cost
    for x in c.costs:
        n = (x.last - x.first).days + 1
        for j in range(1, n + 1):
            d = (x.first - cfg.start).days + j - 1
            if 0 <= d < days:
                cost[d, x.comm] += spread(x.amount, n, j)
                if x.kind in ACQUISITION_KINDS:
                    acquisition[d, x.comm] += spread(x.amount, n, j)
    by_day: dict[int, list[Sale]] = defaultdict(list)
    back: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for s in sales:
        by_day[s.day].append(s)
        for d, fen in s.rises:
            back[d].append((s.comm, fen))
    life = [lifetime(w, k) for k in range(width)]
    for p in plan:
        span = range(p.lo, p.hi + 1)
        paid = [s for d in span for s in by_day.get(d, [])]
        refunds = [r for d in span for r in back.get(d, [])]
        spent = cost[p.lo : p.hi + 1].sum(axis=0)
        gained = acquisition[p.lo : p.hi + 1].sum(axis=0)
        credited = [s for s in paid if s.comm >= 0]
        _sales_cells(
            book, p, "", paid, sum(r[1] for r in refunds), int(spent.sum()), int(gained.sum()),
            credited,
        )  # fmt: skip
        if p.grain != "month":
            continue
        for k in [*range(width), -1]:
            mine = [s for s in paid if s.comm == k]
            money_back = sum(r[1] for r in refunds if r[0] == k)
            lives = k < 0 or (life[k][0] <= p.hi and life[k][1] >= p.lo)
            name = w.communities[k].chat_id if k >= 0 else UNATTRIBUTED
            _sales_cells(
                book, p, name, mine, money_back, int(spent[k]), int(gained[k]),
                mine if k >= 0 else None, lives,
            )  # fmt: skip
    return cost, acquisition


def _sales_cells(
    book: _Book, p: Period, comm: str, paid: list[Sale], money_back: int, spent: int, gained: int,
    credited: list[Sale] | None, lives: bool = True,
) -> None:  # fmt: skip
    """Cells of one period and community; after its dissolution only of what still happened there."""
    where = {"comm": comm}
    valid = [s for s in paid if s.valid]
    buyers = len({s.person for s in valid})
    gross = sum(s.amount for s in paid)
    returned = sum(s.refunded for s in paid)
    units = sum(s.units or 0 for s in valid)
    if lives or paid:
        book.put("orders", p, str(len(valid)), **where)
        book.put("buyers", p, str(buyers), **where)
        book.put("units_sold", p, str(units), **where)
        book.put("gross_sales", p, fen_text(gross), **where)
        book.put("net_sales", p, fen_text(gross - returned), **where)
    if lives or money_back:
        book.put("refund_amount", p, fen_text(money_back), **where)
    book.ratio("refund_rate", p, returned, gross, money=(True, True), **where)
    book.ratio("revenue_per_buyer", p, gross - returned, buyers, money=(True, False), **where)
    book.ratio("average_order_value", p, gross - returned, len(valid), money=(True, False), **where)
    if lives or spent:
        book.put("community_cost", p, fen_text(spent), **where)
        book.put("acquisition_cost", p, fen_text(gained), **where)
    if credited is not None:
        net = sum(s.amount - s.refunded for s in credited)
        book.ratio("community_roas", p, net, spent, money=(True, True), **where)
        book.ratio("cost_to_sales_ratio", p, spent, net, money=(True, True), **where)


@dataclass
class _Buyer:
    """Purchase history of one person: valid orders (day, net fen), sorted by day."""

    first_seen: int = BIG
    orders: list[tuple[int, int]] = field(default_factory=list)
    referred: list[int] = field(default_factory=list)


def classify(buyer: _Buyer, t: int) -> str:
    """Segment of a person at the end of day ``t`` (rules R1-R6, strict)."""
    bought = [o for o in buyer.orders if o[0] <= t]
    life = len({d for d, _ in bought})
    if life <= 1:
        return "observing" if t - buyer.first_seen < OBSERVE_DAYS else "low_demand"
    recent = [o for o in bought if o[0] > t - WINDOW]
    if not recent:
        return "need_driven"
    blocks = len({(t - d) // BLOCK for d, _ in recent})
    referred = sum(1 for d in buyer.referred if d <= t)
    if referred >= 1 and blocks >= 3:
        return "loyal"
    if referred < 1 and sum(net for _, net in recent) < PRICE_FEN * len(recent):
        return "bargain"
    return "regular_repeat"


def loyalty_tier(buyer: _Buyer, t: int) -> str:
    """Loyal: two purchase days in 180 days, the last at most 90 days ago; high value: 500 yuan in a year."""
    half = {d for d, _ in buyer.orders if t - 180 < d <= t}
    if len(half) < 2 or t - max(half) > 90:
        return "ordinary"
    value = sum(net for d, net in buyer.orders if t - 365 < d <= t)
    return "high_value_loyal" if value >= HIGH_VALUE_FEN else "ordinary_loyal"


def _segments(
    w: World, ids: list[str], spells: list[Spell], sales: list[Sale],
    referrals: list[tuple[int, int]], counted: np.ndarray, book: _Book, plan: list[Period], privacy: Privacy,
) -> None:  # fmt: skip
    """Segment cells at the last covered day of each month."""
    h0 = w.cfg.h0
    people: dict[str, _Buyer] = defaultdict(_Buyer)
    excluded = {ids[p] for p in range(w.n_people) if not counted[p]}
    stays: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for s in spells:
        key, joined = ids[s.person], (s.start - h0) // DAY
        left = BIG if s.to is None else (s.to - h0) // DAY
        stays[key].append((s.comm, joined, left))
        people[key].first_seen = min(people[key].first_seen, joined)
    for sale in sales:
        if sale.valid:
            buyer = people[sale.person]
            buyer.orders.append((sale.day, sale.amount - sale.refunded))
            buyer.first_seen = min(buyer.first_seen, sale.day)
    for day, inviter in referrals:
        people[ids[inviter]].referred.append(day)
    for p in plan:
        if p.grain != "month":
            continue
        t = p.hi
        as_of = w.cfg.start + timedelta(days=t)
        refusing = {ids[x] for x in {c.person for c in privacy.choices} if has_refused(privacy, x, as_of)}
        alive = [k for k in range(w.cfg.communities) if lifetime(w, k)[0] <= t <= lifetime(w, k)[1]]
        names = {k: w.communities[k].chat_id for k in alive}
        counts = {where: dict.fromkeys(SEGMENTS, 0) for where in ("", UNATTRIBUTED, *names.values())}
        tiers = {where: dict.fromkeys(TIERS, (0, 0)) for where in counts}
        for key, buyer in people.items():
            if key in excluded or buyer.first_seen > t:
                continue
            segment = "not_profiled" if key in refusing else classify(buyer, t)
            tier = "not_profiled" if key in refusing else loyalty_tier(buyer, t)
            here = {c for c, a, b in stays.get(key, []) if a <= t < b}
            for place in ["", *([names[k] for k in sorted(here)] or [UNATTRIBUTED])]:
                counts[place][segment] += 1
                judged, classified = tiers[place][tier]
                tiers[place][tier] = judged + 1, classified + (segment not in WITHOUT_SHARE)
        for where, by_segment in counts.items():
            base = sum(by_segment[s] for s in SEGMENTS if s not in WITHOUT_SHARE)
            for segment, count in by_segment.items():
                book.put("segment_members", p, str(count), comm=where, segment=segment)
                if segment in WITHOUT_SHARE:
                    book.put("segment_share", p, "", comm=where, segment=segment)
                else:
                    book.ratio("segment_share", p, count, base, comm=where, segment=segment)
            for tier, (judged, classified) in tiers[where].items():
                other = ("member_snapshot__loyalty_tier", tier)
                book.put("segment_members", p, str(judged), comm=where, other=other)
                if tier in WITHOUT_SHARE:
                    book.put("segment_share", p, "", comm=where, other=other)
                else:
                    book.ratio("segment_share", p, classified, base, comm=where, other=other)
