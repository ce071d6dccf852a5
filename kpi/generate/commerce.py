"""Orders of the shops with their export versions, link clicks, referrals, ads and costs.

Money is integer fen throughout. An order keeps its life (payment, shipping, refund steps) and
``versions`` says what each export file of it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from kpi.generate.clock import DAY, HOUR, local_date, midnight, month_starts, next_month
from kpi.generate.config import Config
from kpi.generate.names import GIFT_PRODUCT, PRODUCTS
from kpi.generate.world import INF, World, day_factor, seconds_of_day

if TYPE_CHECKING:
    from kpi.generate.campaigns import Campaign, Reach, Session
    from kpi.generate.courses import Course, Learner
    from kpi.generate.group_buying import Activity
    from kpi.generate.payments import BillRow, Coupon

PRICE = [int(p[3].replace(".", "")) for p in PRODUCTS]
ROLE_OF = [p[2] for p in PRODUCTS]


@dataclass
class Line:
    """One line of a WeChat store order; amounts fen, ``real`` is the line total."""

    product: int
    count: int
    price: int
    real: int
    gift: bool
    returned: int = 0  # finish_aftersale_sku_cnt at the end of its life
    returned_at: int = int(INF)


@dataclass
class Order:
    """One order of a shop. ``buyer`` is a person index, or -1 - k for an outsider k."""

    system: str  # youzan | store | kuaituantuan
    number: str
    buyer: int
    created: int
    paid: int  # INF: never paid
    goods: int  # product sum in fen
    freight: int
    discount: int
    kind: str = "普通订单"
    promo: str = "——"
    titles: str = ""
    kinds: int = 1
    lines: list[Line] = field(default_factory=list)
    refunds: list[tuple[int, int]] = field(default_factory=list)  # (instant, fen), youzan
    full_refund: int = int(INF)  # store: instant at which everything was given back
    full_status: int = 200
    unionid: bool = True
    blank: str = "——"

    @property
    def amount(self) -> int:
        """Amount paid in fen."""
        return self.goods + self.freight - self.discount


@dataclass
class Version:
    """What one export file shows of an order (the facts the truth needs)."""

    order: Order
    stem: str  # what its file is called, see files.py
    exported: int
    paid: int | None
    unpaid_status: bool
    refunded: int
    updated: int
    status: int = 0


@dataclass
class Click:
    """One click on a link posted in a group; ``at_ms`` epoch milliseconds."""

    person: int
    comm: int
    at_ms: int
    link_id: str
    link_type: str


@dataclass
class Referral:
    """One line of the invitation programme; ``inviter`` is a key, ``invitee`` a person index."""

    inviter: str
    inviter_person: int  # -1 staff
    invitee: int
    code: str
    at: int
    status: str


@dataclass
class AdRow:
    """One day of one ad unit; cost in fen, ``users`` None where the source has no UV."""

    channel: int
    day: date
    views: int
    users: int | None
    clicks: int
    cost: int
    conversions: int | None


@dataclass
class Cost:
    """One hand kept cost, spread evenly from ``first`` to ``last`` (both included)."""

    number: str
    first: date
    last: date
    kind: str
    comm: int  # -1 none
    channel_id: str  # blank none
    amount: int
    note: str
    campaign: str = ""  # blank none


@dataclass
class Commerce:
    """Everything about money of one run."""

    orders: list[Order] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    ads: list[AdRow] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    bills: list[BillRow] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    reaches: list[Reach] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    learners: list[Learner] = field(default_factory=list)


def half_up(a: int, b: int) -> int:
    """Quotient of two non-negative integers rounded half up. b > 0."""
    return (2 * a + b) // (2 * b)


def build_commerce(w: World) -> Commerce:
    """Simulate clicks, orders, referrals, ads, costs, group buys, campaigns and courses of a world."""
    from kpi.generate.campaigns import build_campaigns
    from kpi.generate.courses import build_courses
    from kpi.generate.group_buying import build_group_buying
    from kpi.generate.payments import build_payments

    c = Commerce()
    _Shop(w, c).run()
    _ads(w, c)
    _costs(w, c)
    build_group_buying(w, c)
    build_payments(w, c)
    build_courses(w, c)
    build_campaigns(w, c)
    return c


class _Shop:
    """Simulates buying person by person."""

    def __init__(self, w: World, out: Commerce) -> None:
        self.w, self.out, self.cfg = w, out, w.cfg
        self.rng = w.cfg.rng("orders")
        self.factor = day_factor(w.cfg)
        self.h0 = w.cfg.h0
        self.stop = w.cfg.h0 + w.cfg.days * DAY
        self.stays: list[list[tuple[int, int, int]]] = [[] for _ in range(w.n_people)]
        for p, c, a, b in zip(w.person.tolist(), w.comm.tolist(), w.t_in.tolist(), w.t_out.tolist(), strict=True):
            self.stays[p].append((a, b, c))
        self.serial = 0
        self.first_paid: dict[int, int] = {}
        self.reserved: set[int] = set()  # buyers of cases that other clicks would spoil

    # -- buying --------------------------------------------------------------------------------

    def run(self) -> None:
        """Fill orders, clicks and referrals."""
        w, rng = self.w, self.rng
        n = w.n_people
        names = ("none", "single", "need", "bargain", "regular", "loyal")
        latent = rng.choice(6, size=n, p=[0.51, 0.2, 0.08, 0.09, 0.07, 0.05])
        style = [names[k] for k in latent]
        platform = rng.random(n)
        for p in range(n):
            role = w.roles.get(p)
            if role in ("shill", "test"):
                continue
            start = max(self.h0, self.stays[p][0][0]) if self.stays[p] else self.h0
            for t, low, high in self._times(style[p], start):
                self._buy(p, t, low, high, platform[p])
        self._outsiders()
        self._special(style)
        self._browse()
        self._referrals(style)
        self.out.orders.sort(key=lambda o: (o.created, o.number))
        self._versions()
        self.out.clicks.sort(key=lambda k: (k.at_ms, k.person, k.comm))
        self.out.referrals.sort(key=lambda r: (r.at, r.code, r.inviter))

    def _times(self, style: str, start: int) -> list[tuple[int, int, int]]:
        """Purchase instants and basket bounds (fen) of one person."""
        rng, span = self.rng, self.stop - start
        out: list[tuple[int, int, int]] = []
        if span < DAY:
            return out

        def at(t: float) -> int:
            day = int((t - self.h0) // DAY)
            return self.h0 + day * DAY + int(seconds_of_day(rng, 1)[0])

        if style == "single":
            t = start + rng.exponential(25) * DAY
            out.append((at(t), 4500, 26000))
        elif style == "need":
            t = start + rng.exponential(4) * DAY
            for _ in range(2 + int(rng.random() < 0.35)):
                out.append((at(t), 6000, 30000))
                t += (3 + rng.exponential(9)) * DAY
        elif style in ("bargain", "regular", "loyal"):
            mean, low, high = {
                "bargain": (40.0, 900, 7600),
                "regular": (46.0, 7000, 42000),
                "loyal": (19.0, 6000, 26000),
            }[style]
            if style == "regular":  # heavy tail of eagerness and of basket
                mean *= float(np.exp(rng.normal(0.0, 0.45)))
                high = int(high * (1 + rng.pareto(3.0)))
            t = start + rng.random() * mean * DAY
            while t < self.stop:
                out.append((at(t), low, high))
                if style == "loyal":
                    t += (12 + rng.gamma(2.0, 3.0)) * DAY
                else:
                    t += (2 + rng.gamma(1.6, (mean - 2) / 1.6)) * DAY
        keep = []
        for t, low, high in out:
            day = (t - self.h0) // DAY
            if t <= start or t >= self.stop or day >= self.cfg.days:
                continue
            if style != "loyal" and rng.random() > 0.55 + 0.45 * min(1.0, self.factor[day]):
                continue
            keep.append((t, low, high))
        return keep

    def _buy(self, p: int, t: int, low: int, high: int, platform: float) -> None:
        rng, w = self.rng, self.w
        youzan = rng.random() < (0.85 if platform < 0.58 else 0.15)
        inside = [c for a, b, c in self.stays[p] if a + 600 < t < b]
        promo = "——" if rng.random() < 0.7 else " "
        draw = rng.random()
        if inside:
            c = inside[int(rng.integers(len(inside)))]
            if youzan and draw < 0.22 and w.communities[c].promo:
                promo = w.communities[c].promo
            elif draw < 0.72:
                begin = max(a for a, b, k in self.stays[p] if k == c and a + 600 < t < b)
                lag = int(rng.exponential(14 * HOUR)) + 45
                if rng.random() < 0.06:
                    lag = int(rng.integers(5 * DAY, 9 * DAY))  # around the 7 days
                self._click(p, c, max(t - lag, begin + 30), t)
        elif youzan and draw < 0.08:
            later = [k for a, _, k in self.stays[p] if a > t and w.communities[k].promo]
            if later:
                promo = w.communities[later[0]].promo
        order = self._order(youzan, p, t, low, high)
        order.promo = promo if youzan else ""
        self._add(order)

    def _click(self, p: int, c: int, t: int, latest: int) -> None:
        rng = self.rng
        t = min(t, latest)
        if t < self.h0:
            return
        kind = ("article", "product", "live")[int(rng.choice(3, p=[0.2, 0.65, 0.15]))]
        self.out.clicks.append(
            Click(p, c, t * 1000 - int(rng.integers(0, 1000)), f"lk{int(rng.integers(1, 60)):03d}",
                  kind)
        )  # fmt: skip

    def _order(self, youzan: bool, buyer: int, paid: int, low: int, high: int) -> Order:
        """A paid order whose goods sum is about log-uniform in [low, high] fen."""
        rng = self.rng
        self.serial += 1
        target = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        lines = self._basket(target)
        goods = sum(x.count * x.price for x in lines if not x.gift)
        discount = 0
        if goods > 5000 and rng.random() < 0.4:
            discount = int(goods * rng.uniform(0.03, 0.15))
        freight = 0 if goods >= 9900 or rng.random() < 0.5 else 600
        wait = int(min(rng.exponential(150), 1700)) + 5
        created = paid - wait
        day = local_date(created)
        if youzan:
            number = f"E{day:%Y%m%d}{self.serial * 104_729 % 10_000_000_000:010d}{self.serial:06d}"
        else:
            number = f"37{(created % 10**9):09d}{self.serial * 7919 % 100_000_000:08d}"
        order = Order("youzan" if youzan else "store", number, buyer, created, paid, goods, freight, discount)
        if youzan:
            order.titles = ";".join(PRODUCTS[x.product][0] for x in lines)
            order.kinds = len({x.product for x in lines})
            order.kind = "拼团订单" if rng.random() < 0.2 else "普通订单"
            order.blank = ("", " ", "——")[int(rng.choice(3, p=[0.5, 0.1, 0.4]))]
        else:
            order.unionid = bool(rng.random() < 0.93)
            left, rest = goods - discount, [x for x in lines if not x.gift]
            for i, x in enumerate(rest):
                part = left if i == len(rest) - 1 else (goods - discount) * x.count * x.price // goods
                x.real, left = part, left - part
        order.lines = lines
        self._refund(order)
        return order

    def _basket(self, target: float) -> list[Line]:
        rng = self.rng
        pool = [k for k in range(GIFT_PRODUCT) if PRICE[k] <= target * 1.25] or [2]
        lines: list[Line] = []
        total = 0
        while total < target * 0.75 and len(lines) < 4:
            room = [k for k in pool if PRICE[k] <= (target - total) * 1.25] or [pool[0]]
            near = np.array([PRICE[k] for k in room]) ** 0.8
            k = room[int(rng.choice(len(room), p=near / near.sum()))]
            if any(x.product == k for x in lines):
                break
            count = 1 if rng.random() < 0.7 else 2 if rng.random() < 0.8 else 3
            while count > 1 and total + count * PRICE[k] > target * 1.3:
                count -= 1
            lines.append(Line(k, count, PRICE[k], 0, False))
            total += count * PRICE[k]
        if rng.random() < 0.1:
            lines.append(Line(GIFT_PRODUCT, 1, PRICE[GIFT_PRODUCT], 0, True))
        return lines

    def _refund(self, o: Order) -> None:
        """About 6 % of the orders are given back, a third of these in part, some late."""
        rng = self.rng
        if rng.random() > 0.062:
            return
        lag = 0.2 * DAY + rng.exponential(6 * DAY)
        if rng.random() < 0.25:
            lag = rng.uniform(14 * DAY, 45 * DAY)
        at = o.paid + int(lag)
        part = rng.random() < 0.4
        if o.system == "youzan":
            if not part:
                o.refunds.append((at, o.amount))
            else:
                some = max(1, int(o.amount * rng.uniform(0.2, 0.6)))
                o.refunds.append((at, some))
                if rng.random() < 0.35:
                    o.refunds.append((at + int(rng.uniform(5, 30) * DAY), some // 2 + 1))
            return
        if part:
            line = next((x for x in o.lines if not x.gift and x.count > 1), o.lines[0])
            if len([x for x in o.lines if not x.gift]) > 1 or line.count > 1:
                line.returned = max(1, line.count - 1)
                line.returned_at = at
                return
        o.full_refund, o.full_status = at, 200 if rng.random() < 0.7 else 190

    def _add(self, o: Order) -> None:
        self.out.orders.append(o)
        fully = o.full_refund < INF or sum(x for _, x in o.refunds) >= o.amount
        if o.buyer >= 0 and o.paid < self.stop and not fully:
            self.first_paid[o.buyer] = min(o.paid, self.first_paid.get(o.buyer, int(INF)))

    def _outsiders(self) -> None:
        """Buyers who are in no group: their phone or openid matches nobody."""
        rng = self.rng
        for k in range(max(6, self.w.n_people // 22)):
            t = self.h0 + int(rng.integers(1, self.cfg.days)) * DAY + int(seconds_of_day(rng, 1)[0])
            for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))):
                if t < self.stop:
                    order = self._order(bool(rng.random() < 0.5), -1 - k, t, 4000, 30000)
                    order.promo = "——" if order.system == "youzan" else ""
                    self._add(order)
                t += int(rng.uniform(8, 60) * DAY)

    # -- deliberate cases ----------------------------------------------------------------------

    def _special(self, style: list[str]) -> None:
        """Order types that are not sales, unpaid orders, edges of time and of attribution."""
        rng, w = self.rng, self.w
        n, stop = w.n_people, self.stop
        per = max(1, n // 2000)
        plain = [p for p in range(n) if self.stays[p] and p not in w.roles]

        def someone() -> int:
            return plain[int(rng.integers(len(plain)))]

        def moment() -> int:
            return self.h0 + int(rng.integers(2, self.cfg.days - 2)) * DAY + int(seconds_of_day(rng, 1)[0])

        for kind, k in (("积分兑换", 12), ("赠品订单", 10), ("测试订单", 5)):
            for _ in range(k * per):
                o = self._order(True, someone(), moment(), 2000, 15000)
                o.kind, o.refunds = kind, []
                if kind != "测试订单":
                    o.discount, o.freight = o.goods, 0
                self.out.orders.append(o)
            w.note("order type that is no sale", f"{kind} x {k * per}")
        for k in range(90 * per):
            o = self._order(k % 2 == 0, someone(), moment(), 3000, 30000)
            o.paid, o.refunds, o.full_refund = int(INF), [], int(INF)
            for x in o.lines:
                x.returned, x.returned_at = 0, int(INF)
            self.out.orders.append(o)
        # still unpaid at the final export
        for k in range(4):
            o = self._order(k % 2 == 0, someone(), stop - 600 * (k + 1), 3000, 30000)
            o.paid, o.refunds, o.full_refund = int(INF), [], int(INF)
            self.out.orders.append(o)
        free = self._order(True, someone(), moment(), 3000, 9000)
        free.discount, free.freight, free.refunds, free.kind = free.goods, 0, [], "普通订单"
        self.out.orders.append(free)
        w.note("ordinary paid order of 0.00 (no sale)", free.number)
        free = self._order(False, someone(), moment(), 3000, 9000)
        free.discount, free.freight, free.full_refund = free.goods, 0, int(INF)
        for x in free.lines:
            x.real = x.returned = 0
        self.out.orders.append(free)
        w.note("store order of 0 fen (no sale)", free.number)
        for youzan in (True, False):
            for at, text in (
                (self.h0 + 60, "paid on H, created the day before"),
                (stop - 1, "paid at as_of 23:59:59"),
                (stop + 900, "paid after as_of (outside)"),
            ):
                o = self._order(youzan, someone(), at, 5000, 20000)
                o.refunds, o.full_refund = [], int(INF)
                o.created = at - 1200 if at != stop + 900 else at - 60
                self._add(o)
                w.note(text, o.number)
        third = self._order(False, someone(), moment(), 20000, 30000)
        third.lines = [Line(5, 2, PRICE[5], 11801, False, 1, third.paid + 3 * DAY)]
        third.goods, third.discount, third.freight = 2 * PRICE[5], 2 * PRICE[5] - 11801, 0
        third.full_refund, third.unionid = int(INF), True
        self._add(third)
        w.note("half a fen in a store refund (11801 fen, 1 of 2 back)", third.number)
        shills = sorted(p for p, r in w.roles.items() if r == "shill")
        coded = [c for c in w.communities if c.promo and c.kind != "flash"]
        if shills:
            o = self._order(True, shills[0], moment(), 5000, 9000)
            o.promo, o.refunds = coded[0].promo, []
            self.out.orders.append(o)
            w.note("shill buys with a promo code (no sale)", o.number)
        for _ in range(3):
            o = self._order(True, someone(), moment(), 150000, 260000)
            self._add(o)
            w.note("amount of more than 1,000 yuan", o.number)
        for case, text in (
            ("shared", "order with a phone two customers share (its own person)"),
            ("changed", "order with a phone that only the later pull shows"),
        ):
            for p in w.phone_cases.get(case, [])[:1]:
                o = self._order(True, p, moment(), 5000, 20000)
                self._add(o)
                w.note(text, o.number)
        o = self._order(True, someone(), moment(), 5000, 20000)
        o.promo = "KOL2025"
        self._add(o)
        w.note("promo code of no community", o.number)
        self._special_attribution(plain)

    def _special_attribution(self, plain: list[int]) -> None:
        rng, w, stop = self.rng, self.w, self.stop
        flash = [c for c in w.communities if c.kind == "flash"]
        for c in flash:
            members = [
                p for p in plain
                if any(k == c.idx and b == c.dismissed for _, b, k in self.stays[p])
            ]  # fmt: skip
            if len(members) < 8:
                continue
            for i, p in enumerate(members[:14]):
                begin = next(a for a, b, k in self.stays[p] if k == c.idx and b == c.dismissed)
                t = min(begin + 20 * HOUR + i * 1800, c.dismissed - 3600)
                lag = 30 * HOUR if i == 0 else 24 * HOUR if i == 1 else 900 + 60 * i
                if t - lag <= begin:
                    lag = max(60, (t - begin) // 2)
                o = self._order(i % 3 != 0, p, t, 3000, 16000)
                if i == 2 and o.system == "youzan":
                    o.promo = c.promo
                self.out.clicks.append(Click(p, c.idx, (t - lag) * 1000, "lk900", "product"))
                self._add(o)
            late = self._order(True, members[-1], c.dismissed + 5 * HOUR, 3000, 16000)
            late.promo, late.refunds = c.promo, []
            self._add(late)
            w.note("promo code of a flash group used after its dismissal", late.number)
        # click instants at the edge of seven days, and one after the payment
        for gap_ms, text in (
            (7 * DAY * 1000, "click exactly 7 days before payment (counts)"),
            (7 * DAY * 1000 + 1, "click 7 days and 1 ms before payment (too old)"),
            (-1, "click 1 ms after payment (does not count)"),
        ):
            for _ in range(200):
                p = plain[int(rng.integers(len(plain)))]
                held = [
                    (a, b, k) for a, b, k in self.stays[p]
                    if w.communities[k].kind != "flash"
                    and max(a, self.h0) + 12 * DAY < min(b, stop)
                ]  # fmt: skip
                if len(self.stays[p]) == 1 and held and not self._touched(p):
                    a, b, k = held[0]
                    t = max(a, self.h0) + 10 * DAY
                    o = self._order(False, p, t, 5000, 20000)
                    o.full_refund, o.unionid = int(INF), True
                    self._add(o)
                    self.out.clicks.append(Click(p, k, t * 1000 - gap_ms, "lk901", "product"))
                    w.note(text, o.number)
                    break
        # the same millisecond in two groups: the smaller chat id wins
        for p in plain:
            held = [
                (max(a, self.h0), b, k) for a, b, k in self.stays[p]
                if w.communities[k].kind != "flash"
            ]  # fmt: skip
            if len({k for _, _, k in held}) < 2:
                continue
            low, high = max(a for a, _, _ in held), min(b for _, b, _ in held)
            if min(high, stop) - low > 3 * DAY:
                t = low + 2 * DAY
                o = self._order(False, p, t, 5000, 20000)
                o.full_refund, o.unionid = int(INF), True
                self._add(o)
                for k in sorted({k for _, _, k in held}):
                    self.out.clicks.append(Click(p, k, (t - 300) * 1000 + 123, "lk902", "live"))
                w.note("two clicks in one millisecond in different groups", o.number)
                break
        # click in a group the buyer has left before paying, and a click by a past member
        gone = 0
        silent = w.lost_out | w.blank_out
        unseen = set(zip(w.person[silent].tolist(), w.comm[silent].tolist(), strict=True))
        for p in plain:
            for a, b, k in self.stays[p]:
                if (p, k) in unseen:
                    continue
                if len(self.stays[p]) == 1 and b < stop - DAY and b - max(a, self.h0) > DAY:
                    if self._touched(p):
                        continue
                    o = self._order(False, p, b + 3600, 5000, 20000)
                    self._add(o)
                    self.out.clicks.append(Click(p, k, (b - 1800) * 1000, "lk903", "product"))
                    w.note("click inside, payment an hour after leaving", o.number)
                    gone += 1
                    break
            if gone >= 2:
                break

    def _touched(self, p: int) -> bool:
        if not hasattr(self, "_seen"):
            self._seen = {o.buyer for o in self.out.orders}
        if p in self._seen:
            return True
        self._seen.add(p)
        self.reserved.add(p)
        return False

    def _browse(self) -> None:
        """Clicks that lead to no order."""
        w = self.w
        rng = self.cfg.rng("clicks")
        stays = np.flatnonzero(w.t_out > self.h0 + DAY)
        picks = rng.choice(stays, size=round(0.65 * w.n_people))
        for i in picks:
            if int(w.person[i]) in self.reserved:
                continue
            low, high = max(int(w.t_in[i]), self.h0) + 60, min(int(w.t_out[i]), self.stop)
            if high - low > HOUR:
                t = low + int(rng.integers(0, high - low))
                kind = ("article", "product", "live")[int(rng.integers(3))]
                self.out.clicks.append(
                    Click(int(w.person[i]), int(w.comm[i]), t * 1000 + int(rng.integers(1000)),
                          f"lk{int(rng.integers(1, 60)):03d}", kind)
                )  # fmt: skip

    def _referrals(self, style: list[str]) -> None:
        w, rng = self.w, self.cfg.rng("referrals")
        buyers = sorted(p for p in self.first_paid if self.first_paid[p] > self.h0 + 3 * DAY)
        buyers = [buyers[i] for i in rng.permutation(len(buyers))]
        idle = sorted(p for p in range(w.n_people) if p not in self.first_paid)
        cursor = 0
        out = self.out.referrals

        def add(inviter: int, invitee: int, at: int, status: str = "joined", key: str = "") -> None:
            at -= at % 60
            out.append(
                Referral(key or w.wm[inviter], -1 if key else inviter, invitee,
                         f"IV{inviter % 100000:05d}", at, status)
            )  # fmt: skip

        for p in range(w.n_people):
            many = {"loyal": 0.9, "regular": 0.12}.get(style[p], 0.02)
            if w.roles.get(p) == "kol":
                many = 1.0
            if rng.random() > many:
                continue
            for _ in range(1 + int(rng.random() < 0.4) + 4 * (w.roles.get(p) == "kol")):
                if rng.random() < 0.72 and cursor < len(buyers):
                    q = buyers[cursor]
                    cursor += 1
                    first = self.first_paid[q]
                    if q == p or first - self.h0 < 4 * DAY:
                        continue
                    ahead = int(rng.exponential(4 * DAY)) + 120
                    if rng.random() < 0.1:
                        ahead = -ahead  # invited only after the first purchase
                    at = first - ahead
                    if at < self.h0:
                        at = self.h0 + int(rng.integers(0, first - self.h0))
                else:
                    q = idle[int(rng.integers(len(idle)))]
                    at = self.h0 + int(rng.integers(1, self.cfg.days)) * DAY + int(seconds_of_day(rng, 1)[0])
                status = ("joined", "invalid", "pending")[int(rng.choice(3, p=[0.88, 0.06, 0.06]))]
                add(p, q, min(at, self.stop - HOUR), status)
        done = [r for r in out if r.status == "joined" and r.at > self.h0 + 10 * DAY]
        if len(done) >= 8:
            for r in done[:3]:  # earlier self-invite: skipped, the real inviter counts
                add(r.invitee, r.invitee, r.at - DAY)
                w.note("self-invite before the real invitation", w.wm[r.invitee])
            for r in done[3:5]:
                add(0, r.invitee, r.at - DAY, key=w.staff[0])
                w.note("staff as inviter (does not count)", w.wm[r.invitee])
            other = [p for p in range(w.n_people) if p not in w.roles and style[p] == "regular"]
            for r, q in zip(done[5:7], other, strict=False):  # same minute: smaller key wins
                add(q, r.invitee, r.at)
                w.note("invited twice in the same minute", w.wm[r.invitee])
            for r, q in zip(done[7:9], other[2:], strict=False):
                add(q, r.invitee, r.at + 2 * DAY)
                w.note("invited again two days later (first counts)", w.wm[r.invitee])
            shill = next((p for p in sorted(w.roles) if w.roles[p] == "shill"), None)
            if shill is not None and len(done) > 9:
                add(shill, done[9].invitee, done[9].at - 2 * DAY)
                w.note("earlier invitation by a shill (does not count)", w.wm[done[9].invitee])

    # -- exports -------------------------------------------------------------------------------

    def _versions(self) -> None:
        for o in self.out.orders:
            month = local_date(o.created).replace(day=1)
            for exported in export_times(self.cfg, month):
                if o.created < exported:
                    self.out.versions.append(view(o, month, exported))
        self.out.versions.sort(key=lambda v: (v.exported, v.order.created, v.order.number))


def export_times(cfg: Config, month: date) -> list[int]:
    """When the file of a month of creation was made: two regular exports, else the final one."""
    one = next_month(month)
    two = next_month(one)
    regular = [midnight(m) + 2 * DAY + 10 * HOUR for m in (one, two)]
    out = [t for t in regular if t < cfg.end]
    return out if len(out) == 2 else [*out, cfg.end]


def view(o: Order, month: date, exported: int) -> Version:
    """State of an order as of one export."""
    paid = o.paid if o.paid <= exported else None
    name = f"orders_{month:%Y%m}"
    if o.system == "store":
        name += f"_{local_date(exported):%m%d}"  # the name of an archive's member says no time
    if o.system == "youzan":
        back = sum(x for t, x in o.refunds if t <= exported)
        return Version(o, name, exported, paid, paid is None, back, o.created)
    updated = o.created
    if paid is None:
        status = 10 if exported - o.created < 3 * HOUR else 250
        updated = o.created + (3 * HOUR if status == 250 else 0)
        return Version(o, name, exported, None, True, 0, updated, status)
    age = exported - o.paid
    steps = ((0, 20), (20 * HOUR, 30), (9 * DAY, 100))
    status = 20
    for after, code in steps:
        if age >= after:
            status, updated = code, o.paid + after
    if o.paid % 23 == 0 and status == 30:
        status = 21
    back = 0
    for x in o.lines:
        if x.returned_at <= exported:
            back += half_up(x.real * x.returned, x.count)
            updated = max(updated, x.returned_at)
    if o.full_refund <= exported:
        status, back, updated = o.full_status, o.amount, max(o.full_refund, o.paid)
    return Version(o, name, exported, paid, False, back, updated, status)


def youzan_status(v: Version) -> str:
    """Order status text of one Youzan version."""
    o = v.order
    if v.paid is None:
        return "待付款" if v.exported - o.created < 3 * HOUR else "交易关闭"
    if v.refunded and v.refunded >= o.amount:
        return "交易关闭"
    age = v.exported - v.paid
    return "待发货" if age < 20 * HOUR else "已发货" if age < 9 * DAY else "交易完成"


def youzan_done(v: Version) -> int | None:
    """Success instant of one Youzan version, None while there is none."""
    return v.paid + 9 * DAY if v.paid is not None and youzan_status(v) == "交易完成" else None


def _ads(w: World, out: Commerce) -> None:
    """Daily rows per ad unit; impressions follow the joins its state brought at 0.4-1.2 %."""
    cfg, rng = w.cfg, w.cfg.rng("ads")
    factor = day_factor(cfg)
    for k, ch in enumerate(w.channels):
        if ch.system not in ("tencent_ads", "oceanengine"):
            continue
        joins = int(((w.state == k) & (w.t_in >= cfg.h0)).sum()) + 3
        d0 = 0
        if ch.community >= 0:
            d0 = max(0, (w.communities[ch.community].created - cfg.h0) // DAY)
        days = np.arange(d0, cfg.days)
        views = joins / rng.uniform(0.0028, 0.0052) / days.size
        noise = np.exp(rng.normal(0, 0.35, days.size))
        counts = rng.poisson(views * factor[d0:] * noise)
        cpm = rng.uniform(3500, 6500)  # fen per thousand
        for d, v in zip(days.tolist(), counts.tolist(), strict=True):
            cost = round(v * cpm / 1000 * float(np.exp(rng.normal(0, 0.1))))
            clicks = int(rng.binomial(v, 0.03))
            conv = int(rng.binomial(clicks, 0.2))
            tencent = ch.system == "tencent_ads"
            out.ads.append(
                AdRow(
                    k, cfg.start + timedelta(days=int(d)), v,
                    int(rng.binomial(v, 0.82)) if tencent else None, clicks, cost,
                    conv if tencent or conv else None,
                )
            )  # fmt: skip


def _costs(w: World, out: Commerce) -> None:
    cfg, rng = w.cfg, w.cfg.rng("costs")
    months = month_starts(cfg.start, cfg.as_of)
    scale = cfg.members / 2000
    number = 0

    def add(first: date, last: date, kind: str, comm: int, yuan: float, note: str,
            channel: str = "", campaign: str = "") -> None:  # fmt: skip
        nonlocal number
        number += 1
        fen = max(100, round(yuan * 100))
        out.costs.append(Cost(f"FY{number:04d}", first, last, kind, comm, channel, fen, note, campaign))

    for m in months:
        last = next_month(m) - timedelta(days=1)
        add(m, last, "人工", -1, 3800 * scale + 0.37, "社群运营工时")
        add(m, last, "工具", -1, 299, "SCRM席位")
        add(m, min(last, m + timedelta(days=int(rng.integers(6, 20)))), "引流品", -1,
            260 * scale * rng.uniform(0.6, 1.4), "小样", "ch_parcel")  # fmt: skip
        for c in w.communities:
            if c.kind == "flash" or local_date(c.created) > m:
                continue
            if rng.random() < 0.75:
                day = m + timedelta(days=int(rng.integers(0, 25)))
                add(day, day, "红包", c.idx, rng.uniform(30, 120) * scale**0.5, "群红包雨")
            if rng.random() < 0.4:
                day = m + timedelta(days=int(rng.integers(0, 18)))
                add(day, day + timedelta(days=int(rng.integers(1, 9))), "奖品", c.idx,
                    rng.uniform(50, 260) * scale ** 0.5, "打卡奖品")  # fmt: skip
            if rng.random() < 0.6:
                add(m, last, "入群礼", c.idx, rng.uniform(60, 200) * scale**0.5, "入群见面礼")
    flash = 0
    for c in w.communities:
        first = local_date(c.created)
        if c.kind == "flash":
            flash += 1
            add(first, local_date(c.dismissed), "奖品", c.idx, 199.99, "快闪秒杀补贴", campaign=f"HD{flash:03d}")
            add(first, first, "人工", c.idx, 320, "快闪值守", campaign=f"HD{flash:03d}")
        elif first >= cfg.start:
            add(first, first + timedelta(days=6), "入群礼", c.idx, 388.88 * scale**0.5, "开群礼")
    # a cost that began before H and one that runs past as_of, over a number of days that leaves a
    # remainder in fen
    add(cfg.start - timedelta(days=11), cfg.start + timedelta(days=17), "引流品", 0, 1234.5, "海报")
    add(cfg.as_of - timedelta(days=6), cfg.as_of + timedelta(days=24), "工具", 1, 1000, "直播间")
    w.note("cost begun before H", f"FY{number - 1:04d}")
    w.note("cost running past as_of", f"FY{number:04d}")
    out.costs.sort(key=lambda c: (c.first, c.number))
