"""快团团: group buys with a quorum, and orders that a supplier and a reseller both see.

A resold sale (帮卖) has two orders, one in the activity of the supplier and one in that of the
reseller, with two numbers; they are one sale. Money is integer fen, instants are epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np

from kpi.generate.clock import DAY, HOUR, local_date, midnight
from kpi.generate.commerce import PRICE, ROLE_OF, Commerce, Line, Order, Version, export_times
from kpi.generate.names import GIFT_PRODUCT, PRODUCTS
from kpi.generate.world import INF, World

SYSTEM = "kuaituantuan"
DRAFT, WAITING, OPEN, ENDED, DELETED = -10, -5, 1, 20, 30
GROUP, SHOP, POINTS = 0, 1, 2
SALES_PER_MEMBER = 0.15
OUTSIDERS = 100_000  # outsiders of this shop are numbered from here
NO_STEP = (0, 0, 0, 0)


@dataclass
class Activity:
    """One group buy (团). ``comm`` is -1 where the leader named no group."""

    no: str
    title: str
    start: int
    end: int
    quorum: int
    product: int
    comm: int
    fixed: int | None = None  # draft or deleted, whatever the clock says
    numbers: int = 0  # participate numbers given so far

    def status(self, at: int) -> int:
        """Status code that a pull at ``at`` returns."""
        if self.fixed is not None:
            return self.fixed
        return WAITING if at < self.start else OPEN if at < self.end else ENDED


@dataclass
class GroupOrder(Order):
    """One side of a sale. ``steps``: (instant, after-sales code, agreed refund, cancelled)."""

    activity: str = ""
    number_in_activity: int = 0
    supply: tuple[str, int] | None = None
    supplier: bool = False
    leader: str = ""
    comm: int = -1  # of the activity
    mall: int = GROUP
    platform_discount: int = 0
    steps: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def sale(self) -> tuple[str, int]:
        """What both sides of one sale have in common."""
        return self.supply or (self.activity, self.number_in_activity)

    @property
    def resold(self) -> bool:
        """Whether this is the reseller's side."""
        return not self.supplier and self.supply is not None

    def step(self, at: int) -> tuple[int, int, int, int]:
        """After-sales state as of an export."""
        return max((s for s in self.steps if s[0] <= at), default=NO_STEP)

    def updated(self, at: int) -> int:
        """Last change as of an export: order, delivery two days after payment, after-sales."""
        sent = self.paid + 2 * DAY + 3 * HOUR
        return max(self.created, sent if sent <= at else 0, self.step(at)[0])

    def back(self, line: Line, at: int) -> int:
        """Cancelled number of a line as of an export."""
        if self.step(at)[3]:
            return line.count
        return line.returned if line.returned_at <= at else 0


def build_group_buying(w: World, c: Commerce) -> None:
    """Add activities, orders and their export versions to ``c``."""
    if w.cfg.days >= 35:
        _GroupBuying(w, c).run()


class _GroupBuying:
    """Simulates activity by activity."""

    def __init__(self, w: World, out: Commerce) -> None:
        self.w, self.out, self.cfg = w, out, w.cfg
        self.rng = w.cfg.rng("group_buying")
        self.h0, self.stop = w.cfg.h0, w.cfg.h0 + w.cfg.days * DAY
        self.orders: list[GroupOrder] = []
        self.inside: dict[int, list[tuple[int, int, int]]] = {}
        for p, k, a, b in zip(w.person.tolist(), w.comm.tolist(), w.t_in.tolist(), w.t_out.tolist(), strict=True):
            self.inside.setdefault(k, []).append((a, b, p))

    def run(self) -> None:
        """Fill activities, orders and versions."""
        cfg, rng, w = self.cfg, self.rng, self.w
        goal = round(SALES_PER_MEMBER * cfg.members)
        hosts = [c for c in w.communities if c.kind in ("group_buy", "welfare") and c.overflow_of < 0]
        hosts = hosts or [c for c in w.communities if c.kind != "flash"]
        n = max(8, goal // 10)
        days = np.sort(rng.integers(1, cfg.days - 5, n))
        for i, d in enumerate(days.tolist()):
            start = self.h0 + d * DAY + 9 * HOUR
            end = start + int(rng.integers(1, 4)) * DAY + 12 * HOUR
            there = [c for c in hosts if c.created + DAY < start]
            comm = -1 if i % 9 == 4 else there[int(rng.integers(len(there)))].idx
            one = self._activity(start, end, comm)
            sales = max(1, int(rng.gamma(1.5, goal / n / 1.5)))
            partner = next((c for c in there if c.idx != comm and comm >= 0), None)
            resale = None
            if i % 4 == 1 and partner is not None:
                resale = self._activity(start + 2 * HOUR, end, partner.idx, one)
            for _ in range(sales):
                if resale is not None and rng.random() < 0.5:
                    self._sell(resale, one)
                else:
                    self._sell(one)
            if i % 8 == 3:
                self._foreign_reseller(one)
        self._special(hosts)
        self.orders.sort(key=lambda o: (o.created, o.number))
        self.out.orders += self.orders
        for o in self.orders:
            month = local_date(o.created).replace(day=1)
            for at in export_times(cfg, month):
                if o.created < at:
                    self.out.versions.append(_view(o, f"orders_{month:%Y%m}", at))
        self.out.versions.sort(key=lambda v: (v.exported, v.order.created, v.order.number))

    def _activity(self, start: int, end: int, comm: int, source: Activity | None = None) -> Activity:
        rng = self.rng
        pool = [k for k in range(GIFT_PRODUCT) if PRICE[k] < 35_000]
        product = source.product if source else pool[int(rng.integers(len(pool)))]
        quorum = (3, 5, 5, 5, 8, 10)[int(rng.integers(6))] if source is None else 3
        no = f"T{len(self.out.activities) + 1:05d}{int(rng.integers(10**8)):08d}"
        name = f"{ROLE_OF[product]}团·{PRODUCTS[product][0]}"
        made = Activity(no, f"帮卖·{name}" if source else name, start, end, quorum, product, comm)
        self.out.activities.append(made)
        return made

    def _buyer(self, a: Activity, t: int) -> int:
        """A member of the group, sometimes an outsider or somebody who joins only later."""
        rng, draw = self.rng, self.rng.random()
        mine = self.inside.get(a.comm, [])
        if draw < 0.06 or not self.inside:
            return -1 - (OUTSIDERS + int(rng.integers(1, 40)))
        if draw < 0.08:
            return -1 - int(rng.integers(0, 5))  # outsiders whom the other shops know
        if draw < 0.11:
            later = [p for x, _, p in mine if x > t + HOUR]
            if later:
                return later[int(rng.integers(len(later)))]
        here = [p for x, y, p in mine if x < t < y]
        return here[int(rng.integers(len(here)))] if here else int(rng.integers(self.w.n_people))

    def _sell(self, a: Activity, source: Activity | None = None, at: int | None = None) -> GroupOrder:
        """One sale in an activity; of a resold one both sides are exported."""
        rng = self.rng
        t = at or int(a.start + 60 + rng.beta(1.2, 1.8) * (min(a.end, self.stop) - a.start - 120))
        o = self._order(a, self._buyer(a, t), t)
        if source is not None:
            source.numbers += 1
            o.supply = (source.no, source.numbers)
            leader = self.w.keys.key("op", f"leader{a.comm}")
            other = replace(
                o, number=f"{o.number[:-1]}S", activity=source.no, number_in_activity=source.numbers,
                comm=source.comm, supply=None, supplier=True, leader=leader,
            )  # fmt: skip
            o.leader = leader
            self.orders.append(other)
        self.orders.append(o)
        return o

    def _order(self, a: Activity, buyer: int, t: int, mall: int = GROUP) -> GroupOrder:
        rng = self.rng
        count = 1 + int(rng.random() < 0.35) + int(rng.random() < 0.12)
        price = max(100, PRICE[a.product] * int(rng.integers(78, 96)) // 1000 * 10)
        lines = [Line(a.product, count, price, count * price, False)]
        if rng.random() < 0.2:
            k = int(rng.integers(5))
            if k != a.product:
                lines.append(Line(k, 1, PRICE[k], PRICE[k], False))
        if rng.random() < 0.15:
            lines.append(Line(GIFT_PRODUCT, 1, 0, 0, True))
        goods = sum(x.real for x in lines)
        discount = int(goods * rng.uniform(0.02, 0.1)) if rng.random() < 0.3 else 0
        a.numbers += 1
        number = f"KT{local_date(t):%y%m%d}{len(self.orders) * 7919 % 1_000_000:06d}{len(self.orders):05d}0"
        o = GroupOrder(
            SYSTEM, number, buyer, t, t, goods, 0 if goods >= 5900 else 600, discount, lines=lines,
            activity=a.no, number_in_activity=a.numbers, comm=a.comm, mall=mall,
            platform_discount=300 if rng.random() < 0.08 else 0,
        )  # fmt: skip
        draw = rng.random()
        if draw < 0.04:
            o.paid = int(INF)
        elif draw < 0.17:
            self._after_sales(o)
        return o

    def _after_sales(self, o: GroupOrder) -> None:
        """Cancelled, refunded in full or in part, refused, closed; a quarter of it late."""
        rng = self.rng
        asked = o.paid + int(rng.uniform(0.1, 5) * DAY)
        if rng.random() < 0.25:
            asked = o.paid + int(rng.uniform(12, 40) * DAY)
        done = asked + int(rng.uniform(0.2, 3) * DAY)
        kind, first = rng.random(), o.lines[0]
        if kind < 0.3:  # cancelled by the leader, in half of the cases without an after-sales number
            o.steps.append((asked, 2 if kind < 0.15 else 0, o.amount if kind < 0.15 else 0, 1))
        elif kind < 0.45:  # given back in full, the header stays uncancelled
            o.steps += [(asked, 1, o.amount, 0), (done, 2, o.amount, 0)]
            for x in o.lines:
                x.returned, x.returned_at = 0 if x.gift else x.count, done
        elif kind < 0.8:
            part = first.price if first.count > 1 else max(1, o.amount // 4)
            o.steps += [(asked, 1, part, 0), (done, 2, part, 0)]
            if first.count > 1:
                first.returned, first.returned_at = 1, done
        else:
            code = (4, 8, 9, 3)[int(rng.integers(4))]
            o.steps += [(asked, 1, o.amount // 3, 0), (done, code, o.amount // 3, 0)]

    def _plain(self, a: Activity, buyer: int, t: int, mall: int = GROUP) -> GroupOrder:
        """A paid order without after-sales."""
        o = self._order(a, buyer, t, mall)
        o.paid, o.steps = t, []
        for x in o.lines:
            x.returned, x.returned_at = 0, int(INF)
        self.orders.append(o)
        return o

    def _foreign_reseller(self, a: Activity) -> None:
        """Sales of a leader whose own export nobody has: only the supplier's side is known."""
        for k in range(2):
            o = self._sell(a, at=a.start + (5 + 9 * k) * HOUR)
            o.supplier, o.leader = True, self.w.keys.key("op", "leader-elsewhere")
            self.w.note("resold by a leader who exports nothing", o.number)

    def _special(self, hosts: list) -> None:
        rng, w, stop = self.rng, self.w, self.stop
        start = self.h0 + (self.cfg.days // 2) * DAY + 9 * HOUR
        old = next(c for c in hosts if c.created < start)

        def someone() -> int:
            return int(rng.integers(w.n_people))

        # the shop front and the points mall are no group buys
        front = self._activity(self.h0 + 9 * HOUR, stop + 300 * DAY, -1)
        front.title, front.quorum = "店铺长期在售", 1
        for k in range(max(4, self.cfg.members // 300)):
            t = self.h0 + int(rng.integers(1, self.cfg.days - 1)) * DAY + 15 * HOUR + k
            self._plain(front, someone(), t, SHOP)
            o = self._plain(front, someone(), t + 40, POINTS)
            w.note("points mall order (no sale)", o.number)
        # sold for a supplier whose export nobody has
        guest = self._activity(start + DAY, start + 3 * DAY, old.idx)
        guest.title = f"代卖·{guest.title}"
        for k in range(4):
            o = self._plain(guest, self._buyer(guest, start + (26 + k) * HOUR), start + (26 + k) * HOUR)
            o.supply, o.leader = ("T90001", 70 + k), w.keys.key("op", f"leader{old.idx}")
        w.note("activity whose supplier exports nothing", guest.no)
        # exactly at the quorum, of which one order falls away again in another activity
        for missing in (0, 1):
            a = self._activity(start + (missing + 4) * DAY, start + (missing + 6) * DAY, old.idx)
            a.quorum = 3
            for k in range(3):
                t = a.start + (k + 1) * HOUR
                o = self._plain(a, self._buyer(a, t), t)
            if missing:
                o.steps = [(a.end - HOUR, 0, 0, 1)]
            w.note("group buy one short after a cancellation" if missing else "group buy exactly at its quorum", a.no)
        gone = self._activity(start + 8 * DAY, start + 9 * DAY, old.idx)
        gone.fixed = DELETED
        self._plain(gone, self._buyer(gone, gone.start + HOUR), gone.start + HOUR)
        w.note("deleted activity with an order", gone.no)
        draft = self._activity(stop + 2 * DAY + 9 * HOUR, stop + 4 * DAY, old.idx)
        draft.fixed = DRAFT
        self._activity(stop + DAY + 9 * HOUR, stop + 3 * DAY, old.idx)
        live = self._activity(stop - DAY + 9 * HOUR, stop + DAY + 21 * HOUR, old.idx)
        for t, text in (
            (stop - DAY + 10 * HOUR, ""),
            (stop - 1, "group order confirmed at as_of 23:59:59"),
            (stop, "group order confirmed at as_of+1 00:00:00 (outside)"),
        ):
            o = self._plain(live, self._buyer(live, t), t)
            if text:
                w.note(text, o.number)
        midnight_ = midnight(self.cfg.start + timedelta(days=self.cfg.days // 2 + 7))
        o = self._plain(gone, self._buyer(gone, midnight_), midnight_ + 2 * DAY)
        w.note("group order confirmed exactly at midnight", o.number)
        # a customer who bought in the WeChat store too: the openid there names the unionid
        known = next((x.buyer for x in self.out.orders if x.system == "store" and x.unionid and x.buyer >= 0), None)
        if known is not None:
            for k in range(2):
                o = self._plain(live, known, stop - 6 * HOUR + k)
            w.note("buyer whom the WeChat store names by unionid", o.number)
        shill = next((p for p in sorted(w.roles) if w.roles[p] == "shill"), None)
        if shill is not None:
            self._plain(live, shill, stop - 5 * HOUR)


def _view(o: GroupOrder, stem: str, at: int) -> Version:
    """State of an order as of one export."""
    paid = o.paid if o.paid <= at else None
    _, code, agreed, cancelled = o.step(at)
    back = o.amount if cancelled else agreed if code == 2 else 0
    return Version(o, stem, at, paid, paid is None, back if paid is not None else 0, o.updated(at))
