"""Writers of the exports of group buying, payments, coupons, campaigns, live sessions and courses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kpi.generate.clock import DAY, HOUR, local_date, midnight, month_starts, stamp, stamp_minutes
from kpi.generate.commerce import Commerce, Order, Version, export_times
from kpi.generate.exports import Row, buyer_phone, yuan
from kpi.generate.files import Lines
from kpi.generate.group_buying import GroupOrder
from kpi.generate.names import PRODUCTS
from kpi.generate.payments import bill_made
from kpi.generate.world import World

BLANK = "——"
UNLISTED = "P099"  # a product that is in no product list


def shop_makers(w: World, c: Commerce) -> dict[str, Iterator[Row]]:
    """Row makers by export name."""
    return {
        "kuaituantuan__activities": _activity_rows(w, c),
        "kuaituantuan__orders": _order_rows(w, c),
        "kuaituantuan__order_lines": _line_rows(w, c),
        "youzan__order_lines": _youzan_line_rows(w, c),
        "wechat_pay__trade_bills": _bill_rows(w, c),
        "wechat_pay__bill_totals": _total_rows(w, c),
        "youzan__coupon_uses": _coupon_rows(w, c),
        "wechat_channels__live_sessions": _session_rows(w, c),
        "manual__courses": _course_rows(w, c),
        "xiaoetong__learning": _learning_rows(w, c),
        "manual__campaign_phases": _phase_rows(w, c),
        "scrm__campaign_reach": _reach_rows(w, c),
    }


def _code(product: int) -> str:
    return f"P{product + 1:03d}"


def _openid(w: World, buyer: int) -> str:
    return w.keys.key("op", buyer if buyer >= 0 else f"out{-buyer}")


def _activity_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("kuaituantuan__activities")
    for at in (w.cfg.h0 + (w.cfg.days // 2) * DAY + 2 * HOUR, w.cfg.end):
        last = at == w.cfg.end
        for k, a in enumerate(c.activities):
            if a.start - 7 * DAY > at:
                continue
            status = str(a.status(at))
            if k == 3 and not last:
                status = "15"
                w.note("group buy status outside the list", f"15 for {a.no} in the first pull")
            yield (
                a.no, a.title, status, str(a.start * 1000), str(a.end * 1000), str(a.quorum), _code(a.product),
                w.communities[a.comm].chat_id if a.comm >= 0 else "",
                *num.tag(f"activities_{local_date(at):%Y%m}", at),
            )  # fmt: skip


def _group_versions(c: Commerce) -> Iterator[tuple[GroupOrder, Version]]:
    for v in c.versions:
        if isinstance(v.order, GroupOrder):
            yield v.order, v


def _order_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("kuaituantuan__orders")
    odd = _odd_version(c)
    for o, v in _group_versions(c):
        _, code, agreed, cancelled = o.step(v.exported)
        if v is odd:
            code = 5
            w.note("after-sales code outside the list", f"5 for {o.number} in {v.stem}")
        yield (
            o.number, o.activity, str(o.number_in_activity), *(map(str, o.supply) if o.supply else ("", "")),
            "1" if o.supplier else "0", o.leader, _openid(w, o.buyer), str(o.amount), str(o.freight), str(o.discount),
            str(o.platform_discount), str(agreed), str(code), str(cancelled), str(o.mall),
            str(v.paid * 1000) if v.paid is not None else "", str(v.updated * 1000),
            *num.tag(v.stem, v.exported),
        )  # fmt: skip


def _odd_version(c: Commerce) -> Version | None:
    """First of two exports of an order to which nothing happened afterwards: a safe place for a slip."""
    seen: dict[str, list[Version]] = {}
    for o, v in _group_versions(c):
        if not o.steps and o.supply is None and not o.supplier and v.paid is not None:
            seen.setdefault(o.number, []).append(v)
    return next((life[0] for life in seen.values() if len(life) == 2), None)


def _line_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("kuaituantuan__order_lines")
    for versions in _by_file(c):
        # a reply lists gifts apart: they are numbered behind the lines of all its orders
        for gift in (False, True):
            for o, v in versions:
                for k, x in enumerate(o.lines):
                    if x.gift == gift:
                        yield (
                            o.number, f"{o.number}-{k + 1}", _code(x.product), PRODUCTS[x.product][0], str(x.count),
                            str(x.price), str(x.real), str(o.back(x, v.exported)), "1" if gift else "0",
                            *num.tag(v.stem, v.exported),
                        )  # fmt: skip


def _by_file(c: Commerce) -> list[list[tuple[GroupOrder, Version]]]:
    """Group orders and their versions, file by file."""
    files: dict[tuple[str, int], list[tuple[GroupOrder, Version]]] = {}
    for o, v in _group_versions(c):
        files.setdefault((v.stem, v.exported), []).append((o, v))
    return list(files.values())


def product_code(o: Order, line: int, unlisted: str) -> str:
    """Product code that the Youzan file shows for a line."""
    return UNLISTED if o.number == unlisted and line == 0 else _code(o.lines[line].product)


def odd_youzan(w: World, c: Commerce) -> tuple[set[str], str]:
    """Youzan orders without lines, and the one with a product that is in no list; all of the first month.

    One of those without lines was placed with a promo code, so that it belongs to a community.
    """
    first = w.cfg.h0 + 25 * DAY
    early = [
        o for o in c.orders
        if o.system == "youzan" and o.kind == "普通订单" and w.cfg.h0 + DAY < o.paid < first and not o.refunds
        and o.amount > 0 and w.roles.get(o.buyer) not in ("shill", "test")
    ]  # fmt: skip
    coded = [o for o in early if o.promo.strip("— ")]
    outside = [o for o in early if o.buyer < 0]
    return {o.number for o in (*coded[:1], *outside[:1])}, next((o.number for o in outside[1:]), "")


def _youzan_line_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("youzan__order_lines")
    without, unlisted = odd_youzan(w, c)
    for number in sorted(without):
        w.note("youzan order without lines", number)
    w.note("youzan line with a product of no list", f"{unlisted} {UNLISTED}")
    service = True
    for v in c.versions:
        o = v.order
        if o.system != "youzan" or o.number in without:
            continue
        month = local_date(o.created).replace(day=1)
        if v.exported != export_times(w.cfg, month)[-1]:
            continue
        tag = f"order_lines_{month:%Y%m}"
        left, net = o.goods - o.discount, o.goods - o.discount
        rest = [x for x in o.lines if not x.gift]
        for k, x in enumerate(o.lines):
            part = 0
            if not x.gift:
                part = left if x is rest[-1] else net * x.count * x.price // o.goods
                left -= part
            yield (
                o.number, product_code(o, k, unlisted), PRODUCTS[x.product][0], "赠品" if x.gift else "普通商品",
                yuan(x.price), str(x.count), yuan(part), *num.tag(tag, v.exported),
            )  # fmt: skip
        if service and v.paid is not None:
            service = False
            w.note("kind of line outside the list", f"服务商品 in {o.number}")
            yield o.number, "F001", "上门安装", "服务商品", "0.00", "1", "0.00", *num.tag(tag, v.exported)


def _fee(units: int) -> str:
    return f"{'-' if units < 0 else ''}{abs(units) // 100_000}.{abs(units) % 100_000:05d}"


def _bill_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("wechat_pay__trade_bills")
    for k, r in enumerate(c.bills):
        paid = f"4200{r.order[:19]:0>19}{int(r.order[-5:]) % 100_000:05d}"
        cells = (
            stamp(r.at), paid, r.order, _openid(w, r.buyer), "JSAPI", "REFUND" if r.refund else "SUCCESS",
            yuan(r.amount - r.voucher if r.amount else 0), yuan(r.voucher),
            f"5030{r.at}{k:014d}" if r.refund else "", f"TK{r.order[-12:]}{r.part}" if r.refund else "",
            yuan(r.refund), "ORIGINAL" if r.refund else "",
            "" if not r.refund else "PROCESSING" if k % 29 == 0 else "SUCCESS", r.title, _fee(r.fee), "0.60%",
            yuan(r.amount), yuan(r.refund),
        )  # fmt: skip
        yield (*(f"`{x}" for x in cells), *num.tag(f"trade_bill_{r.month:%Y%m}", bill_made(w, r.month)))


def _total_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("wechat_pay__bill_totals")
    by_month: dict[date, list] = {}
    for r in c.bills:
        by_month.setdefault(r.month, []).append(r)
    for month, rows in by_month.items():
        cells = (
            str(len(rows)), yuan(sum(r.amount - r.voucher for r in rows)), yuan(sum(r.refund for r in rows)),
            _fee(sum(r.fee for r in rows)), yuan(sum(r.amount for r in rows)), yuan(sum(r.refund for r in rows)),
        )  # fmt: skip
        yield (*(f"`{x}" for x in cells), *num.tag(f"trade_bill_{month:%Y%m}", bill_made(w, month), len(rows) + 3))


def _coupon_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("youzan__coupon_uses")
    rows = sorted(
        ((at, x.taken, x.number, source, x) for x in c.coupons for source, at in x.exports(w)), key=lambda r: r[:3]
    )
    described = False
    for at, _, _, source, x in rows:
        used = x.used is not None and x.used <= at
        amount = yuan(x.amount)
        if x.used is None and not described:
            described = True
            amount = "满100减10"
            w.note("coupon amount that is no number", f"{x.number} in {source}")
        yield (
            x.number, x.name, stamp(x.taken), stamp(x.used) if used and x.used is not None else BLANK,
            x.order if used else BLANK, amount, buyer_phone(w, x.buyer), *num.tag(source, at),
        )  # fmt: skip


def _session_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("wechat_channels__live_sessions")
    rows = sorted(((at, s.start, s) for s in c.sessions for at in s.exports(w)), key=lambda r: r[:2])
    for at, _, s in rows:
        numbers = (
            s.start, s.end, s.seen, s.watched, s.audience, s.peak, s.seconds, s.commenters, s.sharers, s.followers,
            s.comments, s.likes, s.shares, s.clicked, s.created, s.paid_orders, s.buyers, s.gmv, s.given_back(at),
        )  # fmt: skip
        yield s.export_id, *map(str, numbers), *num.tag(f"live_{local_date(at):%Y%m%d}", at)


def _day(d: date) -> str:
    return f"{d.year}/{d.month}/{d.day}"


def _course_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("manual__courses")
    for x in c.courses:
        yield (
            x.course_id, x.name, w.communities[x.trial].chat_id, w.communities[x.paid].chat_id, _day(x.first),
            _day(x.last), *num.tag("courses", w.cfg.end),
        )  # fmt: skip


def _learning_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("xiaoetong__learning")
    firsts = [m for m in month_starts(w.cfg.start, w.cfg.as_of) if m > w.cfg.start]
    for at in (*(midnight(m) + 4 * HOUR for m in firsts), w.cfg.end):
        source = "learning"
        for k, x in enumerate(c.learners):
            # a course is asked for until some weeks after its end
            if x.enrolled > at or (midnight(x.course.last) + 20 * DAY < at and at != w.cfg.end):
                continue
            done = x.finished_at(at)
            yield (
                x.course.course_id, x.key, x.kind, stamp(x.enrolled), str(x.total), str(x.lessons(at)),
                stamp(done) if done is not None else "", *num.tag(source, at),
            )  # fmt: skip
            if k == 0 and at == w.cfg.end:
                w.note("kind of enrolment outside the list", f"gift for {x.key}")
                yield x.course.course_id, x.key, "gift", stamp(x.enrolled), "8", "0", "", *num.tag(source, at)


def _phase_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("manual__campaign_phases")
    for x in c.campaigns:
        for name, a, b in x.phases:
            yield x.campaign_id, name, stamp_minutes(a), stamp_minutes(b), *num.tag("phases", w.cfg.end)


def _reach_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("scrm__campaign_reach")
    for k, r in enumerate(c.reaches):
        row = (r.campaign.campaign_id, r.key)
        yield *row, r.action, str(r.at * 1000), *num.tag("reach", w.cfg.end)
        if k == 5:
            w.note("campaign action outside the list", f"share by {r.key} in {r.campaign.campaign_id}")
            yield *row, "share", str(r.at * 1000 + 5), *num.tag("reach", w.cfg.end)
