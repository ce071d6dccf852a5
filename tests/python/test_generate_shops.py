"""Shops, margins, campaigns, group buys, live sessions and courses: truth against the written files.

The truth is computed from the simulation in memory; here the same figures are counted again from the
csv files, with ``Recount`` of test_generate.py as the source of stays and sales.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from test_generate import DAY, SMALL, TZ, Recount, fen, read_all, rows

from kpi.generate import Config, Result, generate
from kpi.generate.exports import META
from kpi.generate.truth import SEGMENTS, TIERS

RUNS = {"demo": {}, "small": SMALL}
BLANK = [""] * 5


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Result]:
    """The committed demo, generated afresh."""
    cfg = Config(out=tmp_path_factory.mktemp("demo") / "exports")
    return cfg, generate(cfg)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Result]:
    """A quick run of another seed."""
    cfg = Config(out=tmp_path_factory.mktemp("small") / "exports", **SMALL)
    return cfg, generate(cfg)


@pytest.fixture(scope="module", params=RUNS)
def recounted(request: pytest.FixtureRequest) -> tuple[Config, Path, dict, Recount]:
    """A run, its truth and what its files say."""
    cfg, result = request.getfixturevalue(request.param)
    return cfg, result.out, read_all(result), Recount(cfg, result.out)


def same(cell: dict[str, str], top: float, bottom: float) -> None:
    """A ratio cell equals top / bottom, or is empty when bottom is 0."""
    if bottom:
        assert float(cell["value"]) == pytest.approx(top / bottom, rel=1e-9), cell
    else:
        assert cell["value"] == "", cell


def test_buyers_and_margins_agree_with_the_files(recounted: tuple[Config, Path, dict, Recount]) -> None:
    cfg, _, truth, found = recounted
    valid = [o for o in found.sold if o["valid"]]
    first: dict[str, dict] = {}
    for o in valid:
        first.setdefault(o["person"], o)
    visits = defaultdict(set)
    for o in valid:
        visits[o["person"]].add(o["day"])
    inside = [
        o for o in found.sold
        if any(
            a <= o["paid"] and (b is None or o["paid"] < b)
            for chat in found.manual for a, b in found.stays_of.get((o["person"], chat), [])
        )
    ]  # fmt: skip
    checked = Counter()
    for key, cell in truth.items():
        metric, grain, start, comm, channel, *_, age = key
        if channel:
            continue
        low = date.fromisoformat(start)
        days = {"day": 1, "week": 7, "month": 32}[grain]

        def mine(o: dict, low: date = low, days: int = days, comm: str = comm) -> bool:
            high = (low + timedelta(days=days)).replace(day=1) if days == 32 else low + timedelta(days=days)
            return low <= o["day"] < high and comm in ("", o["where"])

        checked[metric] += 1
        if metric == "first_time_buyers":
            assert int(cell["value"]) == sum(map(mine, first.values())), key
        elif metric == "purchase_frequency":
            now = [o for o in valid if mine(o)]
            same(cell, len({(o["person"], o["day"]) for o in now}), len({o["person"] for o in now}))
        elif metric == "average_selling_price":
            now = [o for o in valid if o["lines"] and mine(o)]
            same(cell, sum(o["fen"] - o["back"] for o in now) / 100, sum(o["units"] for o in now))
        elif metric == "discount_rate":
            now = [o for o in found.sold if mine(o)]
            same(cell, sum(o["discount"] for o in now), sum(o["listed"] for o in now))
        elif metric == "gross_profit" and cell["value"]:
            now = [o for o in found.sold if o["cost"] is not None and mine(o)]
            assert fen(cell["value"]) == sum(o["fen"] - o["back"] - o["cost"] for o in now), key
        elif metric == "influenced_sales":
            assert fen(cell["value"]) == sum(o["fen"] - o["back"] for o in inside if mine(o)), key
        elif metric == "second_purchase_rate_d30":
            ripe = [o for o in first.values() if mine(o) and o["day"] + timedelta(days=30) <= found.last]
            again = sum(any(0 < (d - o["day"]).days <= 30 for d in visits[o["person"]]) for o in ripe)
            same(cell, again, len(ripe))
        elif metric == "historic_ltv" and age:
            cohort = {person for person, o in first.items() if mine(o)}
            kept = [
                o for o in valid
                if o["person"] in cohort and (o["day"] - first[o["person"]]["day"]).days <= int(age)
            ]  # fmt: skip
            same(cell, sum(o["fen"] - o["back"] for o in kept) / 100, len(cohort))
        elif metric == "community_roi" and cell["numerator"]:
            now = [o for o in found.sold if o["where"] != "unattributed" and mine(o)]
            spent = fen(cell["denominator"])
            same(cell, sum(o["fen"] - o["back"] - o["cost"] for o in now) - spent, spent)
        elif metric == "repurchase_rate_90d" and grain == "day" and cell["value"]:
            seen = [sum(0 <= (low - d).days < 90 for d in days) for days in visits.values()]
            same(cell, sum(n >= 2 for n in seen), sum(n >= 1 for n in seen))
        else:
            checked[metric] -= 1
    assert sum(n > 0 for n in checked.values()) >= (10 if cfg.days > 90 else 8)
    unknown = [o for o in found.sold if o["cost"] is None]
    assert 0 < len(unknown) < 5


def test_group_buys_and_live_sessions_agree_with_the_files(recounted: tuple[Config, Path, dict, Recount]) -> None:
    _, folder, truth, found = recounted
    done, all_ = Counter(), Counter()
    for no, r in found.activity.items():
        if r["status"] != "20" or found.day(int(r["end_at"]) / 1000) > found.last:
            continue
        month = str(found.day(int(r["start_at"]) / 1000).replace(day=1))
        for chat in ("", r["chat_id"] or "unattributed"):
            all_[month, chat] += 1
            done[month, chat] += len(found.numbers[no]) >= int(r["min_participants"])
    cells = {(k[2], k[3]): c for k, c in truth.items() if k[:2] == ("group_buy_success_rate", "month")}
    assert set(cells) == set(all_)
    assert 0 < sum(done.values()) < sum(all_.values())
    for key, cell in cells.items():
        same(cell, done[key], all_[key])
    sessions = {}
    for r in sorted(rows(folder, "wechat_channels__live_sessions"), key=lambda r: r["_exported_at"]):
        before = sessions.get(r["export_id"], r)
        assert int(r["refund_amount"]) >= int(before["refund_amount"])
        sessions[r["export_id"]] = r
    watched, talked, bought = Counter(), Counter(), Counter()
    for r in sessions.values():
        day = str(found.day(int(r["create_time"])))
        watched[day] += int(r["new_watch_uv"])
        talked[day] += sum(int(r[name]) for name in ("new_comment_count", "like_count", "sharing_count"))
        bought[day] += int(r["total_pay_uv"])
    days = {k[2]: c for k, c in truth.items() if k[:2] == ("live_viewers", "day")}
    assert {day: int(c["value"]) for day, c in days.items()} == dict(watched)
    for day in watched:
        assert int(truth["live_interactions", "day", day, *BLANK]["value"]) == talked[day]
        same(truth["live_conversion_rate", "day", day, *BLANK], bought[day], watched[day])


def test_campaigns_agree_with_the_files(recounted: tuple[Config, Path, dict, Recount]) -> None:
    _, folder, truth, found = recounted

    def at(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=TZ).timestamp()

    phases = defaultdict(list)
    for r in rows(folder, "manual__campaign_phases"):
        phases[r["campaign_id"]].append((at(r["开始时间"]), at(r["结束时间"])))
    plans = []
    for r in rows(folder, "manual__campaigns"):
        spans = [(at(r["开始时间"]), at(r["结束时间"])), *phases[r["campaign_id"]]]
        window = min(a for a, _ in spans), max(b for _, b in spans)
        plans.append((at(r["开始时间"]), r["campaign_id"], r["chat_id"], window))
    assert any(found.day(p[0]) > found.last for p in plans)  # one is only planned
    plans = [p for p in plans if found.day(p[0]) <= found.last]
    actions = defaultdict(list)
    for r in rows(folder, "scrm__campaign_reach"):
        wm = r["external_userid"]
        person = found.person.get(wm, wm)
        if r["action"] in ("reach", "sign_up", "claim") and person not in found.uncounted:
            actions[r["campaign_id"]].append((person, r["action"], int(r["action_time"]) / 1000))
    people = {p[1]: (set(), set(), set()) for p in plans}
    for _, no, chat, (low, high) in plans:
        reached, joined, _ = people[no]
        for person, action, t in actions[no]:
            reached.add(person)
            if action != "reach" and low <= t < high:
                joined.add(person)
        for wm in {wm for wm, where in found.stays if where == chat and found.counts(wm)}:
            for a, b, *_ in found.stays[wm, chat]:
                if a < high and (b is None or b > low) and found.day(a) <= found.last:
                    reached.add(found.person.get(wm, wm))
                    if a >= low:
                        joined.add(found.person.get(wm, wm))
    both = 0
    for o in found.sold:
        fits = [
            (-start, no) for start, no, chat, (low, high) in plans
            if o["valid"] and low <= o["paid"] < high and (
                o["where"] == chat if chat else any(p == o["person"] and t <= o["paid"] for p, _, t in actions[no])
            )
        ]  # fmt: skip
        both += len(fits) > 1
        if fits:
            for part in people[min(fits)[1]]:
                part.add(o["person"])
    if found.last == date(2026, 5, 19):
        assert both > 0  # the pair that overlaps
    cells = {k: c for k, c in truth.items() if k[0].startswith("campaign") and k[1] == "month"}
    for (metric, _, start, comm, *_), cell in cells.items():
        mine = [
            people[no] for t, no, chat, _ in plans
            if str(found.day(t).replace(day=1)) == start and comm in ("", chat or "unattributed")
        ]  # fmt: skip
        reached, joined, bought = (set().union(*part) for part in zip(*mine, strict=True))
        if metric == "campaign_participants":
            assert int(cell["value"]) == len(joined), (start, comm)
        else:
            same(cell, len(joined if "participation" in metric else bought), len(reached))
    assert {k[2] for k in cells if not k[3]} == {str(found.day(p[0]).replace(day=1)) for p in plans}


def test_courses_agree_with_the_files(recounted: tuple[Config, Path, dict, Recount]) -> None:
    _, folder, truth, found = recounted
    courses = {r["course_id"]: r for r in rows(folder, "manual__courses")}
    latest = {}
    for r in sorted(rows(folder, "xiaoetong__learning"), key=lambda r: r["_exported_at"]):
        if r["enroll_type"] == "paid" and not r["user_key"].startswith("st_"):
            latest[r["course_id"], r["user_key"]] = r
    done, ripe, paid = Counter(), Counter(), defaultdict(list)
    for (course, key), r in latest.items():
        person, on = found.person.get(key, key), date.fromisoformat(r["enrolled_at"][:10])
        if person in found.uncounted:
            continue
        paid[course, person].append(datetime.fromisoformat(r["enrolled_at"]).replace(tzinfo=TZ).timestamp())
        last = date(*map(int, courses[course]["结课日期"].split("/")))
        if last <= found.last and found.h <= on <= found.last:
            ripe[str(on.replace(day=1)), courses[course]["体验群"]] += 1
            if r["finished_at"] and r["lessons_finished"] >= r["lessons_total"]:
                done[str(on.replace(day=1)), courses[course]["体验群"]] += 1
    took, bought = Counter(), Counter()
    for course, r in courses.items():
        first = {}
        for (wm, chat), stays in found.stays.items():
            for a, _, _, unknown in stays if chat == r["体验群"] and found.counts(wm) else []:
                if found.h <= found.day(a) <= found.last and not unknown:
                    person = found.person.get(wm, wm)
                    first[person] = min(a, first.get(person, a))
        for person, a in first.items():
            key = str(found.day(a).replace(day=1)), r["体验群"]
            took[key] += 1
            bought[key] += any(a <= t and found.day(t) <= found.last for t in paid[course, person])
    for metric, top, bottom in (("course_completion_rate", done, ripe), ("course_conversion_rate", bought, took)):
        cells = {(k[2], k[3]): c for k, c in truth.items() if k[:2] == (metric, "month") and k[3]}
        assert set(cells) == set(bottom)
        for key, cell in cells.items():
            same(cell, top[key], bottom[key])
    assert 0 < sum(bought.values()) < sum(took.values())


def test_bills_agree_with_the_store_but_for_the_noted_places(demo: tuple[Config, Result]) -> None:
    """Payments and refunds per order, and the control totals of every file."""
    cfg, result = demo
    bills = [{k: v.removeprefix("`") for k, v in r.items()} for r in rows(result.out, "wechat_pay__trade_bills")]
    assert all(v.startswith("`") for k, v in rows(result.out, "wechat_pay__trade_bills")[0].items() if k not in META)
    assert any("," in r["商品名称"] for r in bills)
    for r in rows(result.out, "wechat_pay__bill_totals"):
        mine = [b for b in bills if b["_source_file"] == r["_source_file"]]
        total = {k: v.removeprefix("`") for k, v in r.items()}
        assert int(total["总交易单数"]) == len(mine)
        for name, part in (("应结订单总金额", "应结订单金额"), ("退款总金额", "退款金额"), ("订单总金额", "订单金额"),
                           ("申请退款总金额", "申请退款金额"), ("手续费总金额", "手续费")):  # fmt: skip
            expected = sum(round(float(b[part]) * 100_000) for b in mine)
            assert round(float(total[name]) * 100_000) == expected, (r["_source_file"], name)
    paid, back = Counter(), Counter()
    for b in bills:
        paid[b["商户订单号"]] += fen(b["订单金额"])
        back[b["商户订单号"]] += fen(b["退款金额"])
    lines = defaultdict(int)
    for x in rows(result.out, "wechat_store__order_lines"):
        n = int(x["sku_cnt"])
        part = (2 * int(x["real_price"]) * int(x["finish_aftersale_sku_cnt"]) + n) // (2 * n)
        lines[x["order_id"], x["_exported_at"]] += part
    latest = {}
    for r in sorted(rows(result.out, "wechat_store__orders"), key=lambda r: r["_exported_at"]):
        latest[r["order_id"]] = r
    wrong = set(paid) - set(latest)
    end = datetime(*cfg.as_of.timetuple()[:3], tzinfo=TZ).timestamp() + DAY
    for number, r in latest.items():
        amount = int(r["order_price"])
        if not r["pay_time"] or float(r["pay_time"]) >= end:
            assert number not in paid
            continue
        given = amount if r["status"] in ("190", "200") else lines[number, r["_exported_at"]]
        if (paid[number], back[number]) != (amount, given):
            wrong.add(number)
    noted = {
        line.rpartition(": ")[2]
        for line in result.notes
        if line.startswith(("paid store order that is", "bill row of", "bill gives", "refund after the store's"))
    }
    assert wrong == noted
    assert len(wrong) == 3
    two = Counter(b["商户订单号"] for b in bills if b["交易状态"] == "REFUND")
    assert max(two.values()) == 2


def test_youzan_lines_make_up_their_orders(demo: tuple[Config, Result]) -> None:
    """Every order but the two noted has its lines once, and they sum to what was paid for goods."""
    out = demo[1].out
    lines = defaultdict(list)
    for r in rows(out, "youzan__order_lines"):
        lines[r["订单号"]].append(r)
        assert len({(x["商品编码"], x["商品类型"]) for x in lines[r["订单号"]]}) == len(lines[r["订单号"]])
    orders = {r["订单号"]: r for r in rows(out, "youzan__orders")}
    noted = {line.rpartition(": ")[2] for line in demo[1].notes if line.startswith("youzan order without lines")}
    assert set(orders) - set(lines) == noted
    assert set(lines) <= set(orders)
    for number, mine in lines.items():
        goods = fen(orders[number]["商品金额合计"]) - fen(orders[number]["店铺优惠合计"])
        assert sum(fen(x["商品优惠后金额"]) for x in mine) == goods


def test_tiers_partition_the_judged_persons(demo: tuple[Config, Result]) -> None:
    truth = read_all(demo[1])
    for month in ("2026-01-01", "2026-05-01"):

        def cells(metric: str, names: tuple[str, ...], tier: str = "", month: str = month) -> list[float]:
            keys = [("", tier, n) if tier else (n, "", "") for n in names]
            return [float(truth[metric, "month", month, "", "", *k]["value"]) for k in keys]

        tiers = "member_snapshot__loyalty_tier"
        judged = tuple(tier for tier in TIERS if tier != "not_profiled")
        assert sum(cells("segment_share", judged, tiers)) == pytest.approx(1)
        assert sum(cells("segment_members", TIERS, tiers)) == sum(cells("segment_members", SEGMENTS))
        assert min(cells("segment_members", judged, tiers)) > 20
