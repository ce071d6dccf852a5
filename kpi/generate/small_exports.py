"""Small exports that no metric needs yet: short videos, notes, a personal bill, the sheet of group buying."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from kpi.generate.clock import DAY, HOUR, local_date, midnight, stamp
from kpi.generate.commerce import Commerce, Version
from kpi.generate.exports import Row, buyer_phone, yuan
from kpi.generate.files import Lines
from kpi.generate.group_buying import GroupOrder
from kpi.generate.names import PRODUCTS
from kpi.generate.world import World

VIDEO_STEP, NOTE_STEP = 11, 17  # days between two posts
SHEET_DAYS = 9  # days of group buying that the sheet holds
STATUS = {(False, False): "已支付", (True, False): "已取消", (False, True): "已退款", (True, True): "已取消"}


def small_rows(w: World, c: Commerce) -> dict[str, Iterator[Row]]:
    """Rows per export name."""
    return {
        "wechat_channels__videos": _videos(w),
        "xiaohongshu__notes": _notes(w),
        "wechat_pay__personal_bills": _personal_bills(w),
        "kuaituantuan__sheet_orders": _sheet_orders(w, c),
    }


def _posts(w: World, step: int, until: int) -> Iterator[tuple[int, date]]:
    for k, d in enumerate(range(2, w.cfg.days, step)):
        day = w.cfg.start + timedelta(days=d)
        if midnight(day) + DAY < until:
            yield k, day


def _videos(w: World) -> Iterator[Row]:
    """Two downloads; the older one lacks the last four columns."""
    num = Lines("wechat_channels__videos")
    for at in (w.cfg.h0 + (w.cfg.days // 2) * DAY + 2 * HOUR, w.cfg.end):
        rng = w.cfg.rng("videos")
        line = 2
        for k, day in _posts(w, VIDEO_STEP, at):
            age = (at - midnight(day)) // DAY
            plays = int(rng.integers(300, 4_000)) + 3 * age
            share = [int(plays * x) for x in rng.uniform(0.002, 0.03, 6).tolist()]
            funnel = [int(plays * x) for x in sorted(rng.uniform(0.001, 0.01, 4).tolist(), reverse=True)]
            title = f"{PRODUCTS[k % len(PRODUCTS)][0]}怎么用" + ("\n第二步最容易做错" if k % 5 == 3 else "")
            done, seconds = rng.uniform(12, 45), rng.uniform(6, 25)
            yield (
                title if k % 7 != 5 else "", f"export/UzFfAgtgekIEAQAAAAAA{k:04d}", day.strftime("%Y/%m/%d"),
                f"{done:.2f}%", f"{seconds:.2f}秒", str(plays), *map(str, share), "0", str(k % 3), "0",
                *(map(str, funnel) if at == w.cfg.end else ("", "", "", "")), *num.tag("videos", at, line),
            )  # fmt: skip
            line += 1 + (k % 5 == 3 and k % 7 != 5)


def _notes(w: World) -> Iterator[Row]:
    num, rng = Lines("xiaohongshu__notes"), w.cfg.rng("notes")
    for k, day in _posts(w, NOTE_STEP, w.cfg.end):
        shown = int(rng.integers(2_000, 30_000))
        views = int(shown * rng.uniform(0.05, 0.2))
        parts = [int(views * x) for x in rng.uniform(0.002, 0.06, 5).tolist()]
        made = day.strftime("%Y年%m月%d日") + f"{8 + k % 12:02d}时{k * 7 % 60:02d}分00秒"
        yield (
            f"{PRODUCTS[k % len(PRODUCTS)][0]}空瓶记", made, "视频" if k % 3 == 1 else "图文", str(shown), str(views),
            f"{views / shown:.3f}".rstrip("0"), *map(str, parts[:5]), str(10 + k % 40), "0",
            *num.tag(f"notes_{local_date(w.cfg.end):%Y%m%d}", w.cfg.end),
        )  # fmt: skip


def _personal_bills(w: World) -> Iterator[Row]:
    """A month of the leader's own account: transfers of buyers, something spent, a withdrawal."""
    num, rng = Lines("wechat_pay__personal_bills"), w.cfg.rng("personal_bills")
    kinds = (
        ("转账", "收入", "/", "已收钱"), ("二维码收款", "收入", "/", "已收钱"), ("商户消费", "支出", "零钱",
        "支付成功"),
        ("转账-退款", "收入", "零钱", "已退款"), ("零钱提现", "/", "招商银行", "提现已到账"),
    )  # fmt: skip
    start = w.cfg.end - 30 * DAY
    times = sorted(start + int(x) for x in rng.integers(9 * HOUR, 29 * DAY, 24))
    for k, t in enumerate(reversed(times)):
        kind, way, by, state = kinds[int(rng.choice(5, p=[0.4, 0.3, 0.2, 0.05, 0.05]))]
        amount = yuan(int(rng.integers(100, 30_000)))
        sign = "￥" if k % 6 == 4 else "¥"
        shop = f"10001{t}{k:04d}" if kind == "商户消费" else "/"
        bill = f"personal_bill_{local_date(start):%Y%m%d}-{local_date(w.cfg.end - DAY):%Y%m%d}"
        yield (
            stamp(t), kind, way, f"{sign}{amount}", by, state, f"1000050001{t}{k:08d}", shop, *num.tag(bill, w.cfg.end),
        )  # fmt: skip


def _sheet_orders(w: World, c: Commerce) -> Iterator[Row]:
    """The web download of the last days: the paid orders that the interface shows, without their numbers."""
    num, low = Lines("kuaituantuan__sheet_orders"), w.cfg.end - 2 * HOUR - SHEET_DAYS * DAY
    latest: dict[str, Version] = {v.order.number: v for v in c.versions if isinstance(v.order, GroupOrder)}
    known = {o.buyer for o in c.orders if o.system == "youzan" and o.buyer >= 0}
    for k, v in enumerate(sorted(latest.values(), key=lambda v: (v.paid or 0, v.order.number))):
        o = v.order
        if not isinstance(o, GroupOrder) or v.paid is None or v.paid < low or o.mall == 2 or o.supplier:
            continue
        _, _, agreed, cancelled = o.step(v.exported)
        goods = "\n".join(f"{PRODUCTS[x.product][0]}*{x.count}" for x in o.lines)
        # what the platform masks has no key
        phone = buyer_phone(w, o.buyer) if k % 3 == 0 and o.buyer in known else ""
        yield (
            str(o.number_in_activity), stamp(v.paid), yuan(o.amount), yuan(agreed) if agreed else "",
            STATUS[bool(cancelled), agreed >= o.amount > 0], goods, str(len(o.lines)), "", phone,
            *num.tag(f"sheet_orders_{local_date(w.cfg.end):%Y%m%d}", w.cfg.end),
        )  # fmt: skip
