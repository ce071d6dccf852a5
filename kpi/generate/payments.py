"""Payment bills of the WeChat store's merchant account, and coupons of the Youzan shop.

A bill has one row per payment and one per refund. It agrees with the store to the cent, apart from
three places that are written down in ``World.notes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kpi.generate.clock import DAY, HOUR, local_date, midnight, next_month
from kpi.generate.commerce import Commerce, Order, Version, export_times, half_up
from kpi.generate.names import PRODUCTS
from kpi.generate.world import World

COUPONS = ("新人立减券", "会员日券", "满减券", "老客回馈券")


@dataclass
class BillRow:
    """One line of a bill; ``refund`` 0 for a payment, money in fen."""

    month: date
    at: int
    order: str
    buyer: int
    title: str
    amount: int
    refund: int = 0
    part: int = 0  # which refund of its order
    voucher: int = 0

    @property
    def fee(self) -> int:
        """Fee of 0.60 % in 1/100,000 yuan, negative for a refund."""
        return 6 * (self.amount - self.refund)


@dataclass
class Coupon:
    """One coupon handed out; ``used`` None while it is not used."""

    number: str
    name: str
    taken: int
    used: int | None
    order: str
    amount: int
    buyer: int

    def exports(self, w: World) -> list[tuple[str, int]]:
        """Files that show it: that of the month it was taken in, and again a month later."""
        month = local_date(self.taken).replace(day=1)
        times = [t for t in export_times(w.cfg, month) if self.taken < t]
        return [(f"coupons_{month:%Y%m}", t) for t in times]


def build_payments(w: World, c: Commerce) -> None:
    """Add bills and coupons to ``c``."""
    c.bills = _bills(w, c)
    c.coupons = _coupons(w, c)


def bill_made(w: World, month: date) -> int:
    """When the bill of a month was fetched."""
    return min(midnight(next_month(month)) + DAY + 9 * HOUR, w.cfg.end)


def _bills(w: World, c: Commerce) -> list[BillRow]:
    rng, stop = w.cfg.rng("payments"), w.cfg.h0 + w.cfg.days * DAY
    last: dict[str, Version] = {}
    for v in c.versions:
        if v.order.system == "store" and v.exported >= last.get(v.order.number, v).exported:
            last[v.order.number] = v
    rows: list[BillRow] = []
    unseen: tuple[int, Order, int] | None = None
    split = 0
    for v in last.values():
        o = v.order
        if v.paid is None or o.amount <= 0 or o.paid >= stop:
            continue
        title = PRODUCTS[o.lines[0].product][0]

        def row(at: int, refund: int = 0, part: int = 0, *, o: Order = o, title: str = title) -> BillRow:
            paid = 0 if refund else o.amount
            return BillRow(local_date(at).replace(day=1), at, o.number, o.buyer, title, paid, refund, part)

        rows.append(row(o.paid))
        if o.amount > 5000 and rng.random() < 0.02:
            rows[-1].voucher = 500
        back = [(x.returned_at, half_up(x.real * x.returned, x.count)) for x in o.lines if x.returned]
        if o.full_refund < stop:
            back = [(o.full_refund, o.amount)]
        for at, fen in back:
            if at >= stop or fen <= 0:
                continue
            if at > v.exported:  # the store's last export of this order is older
                unseen = min(unseen or (at, o, fen), (at, o, fen), key=lambda u: u[0])
                continue
            split += 1
            later = at + 31 * HOUR
            if split % 6 == 1 and fen > 200 and later < min(stop, v.exported):
                rows += [row(at, fen // 3, 1), row(later, fen - fen // 3, 2)]
                w.note("refund in two parts on two days", o.number)
            else:
                rows.append(row(at, fen, 1))
    refunded = {r.order for r in rows if r.refund}
    plain = [r for r in rows if r.order not in refunded and not r.voucher]
    if len(plain) > 8:
        lost, strange = plain[len(plain) // 3], plain[len(plain) // 2]
        rows.remove(lost)
        w.note("paid store order that is in no bill", lost.order)
        at = strange.at + 777
        rows.append(BillRow(local_date(at).replace(day=1), at, "3700000000000099999", -1, strange.title, 8800))
        w.note("bill row of an order that no store export shows", "3700000000000099999")
    if unseen is not None:
        at, o, fen = unseen
        rows.append(
            BillRow(local_date(at).replace(day=1), at, o.number, o.buyer, PRODUCTS[o.lines[0].product][0], 0, fen, 1)
        )
        w.note("refund after the store's last export of the order", o.number)
    elif len(back_rows := [r for r in rows if r.refund > 1000]) > 3:
        back_rows[len(back_rows) // 2].refund += 600
        w.note("bill gives back 6.00 more than the store says", back_rows[len(back_rows) // 2].order)
    rows = [r for r in rows if r.at < stop]
    rows.sort(key=lambda r: (r.at, r.order, r.part))
    return rows


def _coupons(w: World, c: Commerce) -> list[Coupon]:
    rng, cfg = w.cfg.rng("coupons"), w.cfg
    out: list[Coupon] = []

    def add(taken: int, used: int | None, order: str, amount: int, buyer: int) -> None:
        number = f"YHQ{len(out) + 1:06d}{int(rng.integers(1000)):03d}"
        name = COUPONS[int(rng.integers(len(COUPONS)))]
        out.append(Coupon(number, name, taken, used, order, amount, buyer))

    for o in c.orders:
        if o.system != "youzan" or o.paid >= cfg.end or not 300 < o.discount < o.goods:
            continue
        taken = o.created - int(rng.exponential(4 * DAY)) - 60
        if rng.random() < 0.12 and taken >= cfg.h0:
            add(taken, o.paid, o.number, max(100, o.discount // 100 * 100), o.buyer)
    for _ in range(max(10, cfg.members // 50)):
        t = cfg.h0 + int(rng.integers(0, cfg.days * DAY))
        add(t, None, "", 100 * int(rng.integers(5, 30)), int(rng.integers(w.n_people)))
    out.sort(key=lambda k: (k.taken, k.number))
    return out
