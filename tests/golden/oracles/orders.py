"""Who bought what, for how much, which community is credited, and what it all cost.

- ``orders(order_id, shop, buyer, person, is_counted, paid_at, paid_date, paid, refunded, net, is_sold, is_valid, units,
  listed, discount, goods_cost, community, method, channel, is_member, is_member_there)``: the latest version of every
  paid order of the three shops up to the last complete day. ``community`` is ``unattributed`` where none is credited;
  ``units`` and ``goods_cost`` are null where they are not known; ``is_member``: the buyer was in some community when he
  paid, ``is_member_there``: in the credited one.
- ``sales(date_day, ...)``: the sold orders, and an empty row for each covered day without one;
  ``placed(place, date_day, ...)``: the same for each community and ``unattributed``, as long as the community exists.
- ``refunds(order_id, refund_date, amount, community)``: each rise of what was given back of a sold order.
- ``purchases(person, paid_date, number)``: the days on which a person bought, counted from the first;
  ``firsts(person, paid_date, community, channel)``: the first valid order of each.
- ``covered(shop, date_day)``: the days for which the orders of a shop are known; ``sales_days(date_day)``: of any shop.
- ``costs(date_day, kind, community, channel, amount)``: what each day cost, advertising included;
  ``cost_days(date_day)``: the days of which the cost sheet speaks.
- ``places(place, community_type, opened, closed)``: the communities, and ``unattributed``.
- ``inside(date_day, person, place, is_closing)``: who was in which community on a day; ``is_closing``: at its end, too.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from golden.oracles.people import FIRST_DAY, LAST_DAY, people, rows

CENT = Decimal("0.01")
CLICK = {True: dt.timedelta(hours=24), False: dt.timedelta(days=7)}  # flash communities, others
COUNTED = ("customer", "kol")


def money(text) -> Decimal:
    """Yuan as people write them: ``¥1,234.50``; nothing is nothing."""
    return Decimal(str(text or 0).replace(",", "").replace("¥", ""))


def cents(amount: Decimal) -> Decimal:
    """An amount rounded half up to the cent."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def moment(text) -> dt.datetime | None:
    """A time, or none where the cell is blank."""
    return dt.datetime.fromisoformat(str(text)) if text and str(text).strip() not in ("", "——") else None


def in_order(connection, export: str) -> list[dict]:
    """Rows of an export, the earliest version of each first."""
    return sorted(rows(connection, f"select * from {export}"), key=lambda row: str(row["_exported_at"]))


def line_versions(connection, export: str, key: str) -> dict[tuple[str, str], list[dict]]:
    """Lines of each order and export of it."""
    found = defaultdict(list)
    for row in rows(connection, f"select * from {export}"):
        found[row[key], str(row["_exported_at"])].append(row)
    return found


def latest_lines(connection, export: str, key: str) -> dict[str, list[dict]]:
    """Lines of each order in the latest export that has any."""
    found: dict[str, list[dict]] = {}
    for (order, _), lines in sorted(line_versions(connection, export, key).items()):
        found[order] = lines
    return found


def youzan(connection) -> tuple[dict[str, dict], list[dict]]:
    """Latest version of each Youzan order, and the rises of its refund."""
    lines = latest_lines(connection, "youzan__order_lines", "订单号")
    latest, rises = {}, []
    for row in in_order(connection, "youzan__orders"):
        order, paid_at = row["订单号"], moment(row["买家付款时间"])
        refunded, before = money(row["订单已退款金额"]), latest.get(order, {}).get("refunded", Decimal(0))
        if paid_at and refunded > before:
            shown = moment(row["_exported_at"]).date() - dt.timedelta(days=1)
            rises.append({"order_id": order, "refund_date": max(shown, paid_at.date()), "amount": refunded - before})
        goods = lines.get(order)
        phone, code = (row["买家手机号"] or "").strip("— "), (row["推广方式"] or "").strip("— ")
        latest[order] = {
            "shop": "youzan",
            "buyer": phone,
            "paid_at": paid_at,
            "paid": money(row["订单实付金额"]),
            "refunded": refunded,
            "is_returned": refunded >= money(row["订单实付金额"]),
            "is_sale": row["订单类型"] in ("普通订单", "拼团订单") and row["订单状态"] != "待付款",
            "code": code,
            "listed": money(row["商品金额合计"]),
            "discount": money(row["店铺优惠合计"]),
            "lines": None
            if goods is None
            else [(g["商品编码"], int(g["商品数量"]), 0, g["商品类型"] == "赠品") for g in goods],
        }
    return latest, rises


def wechat_store(connection) -> tuple[dict[str, dict], list[dict]]:
    """Latest version of each order of the WeChat store, and the rises of its refund."""
    lines = line_versions(connection, "wechat_store__order_lines", "order_id")
    latest, rises = {}, []
    for row in in_order(connection, "wechat_store__orders"):
        order, goods = row["order_id"], lines.get((row["order_id"], str(row["_exported_at"])))
        if row["status"] in ("190", "200"):
            refunded = row["order_price"]
        else:
            refunded = sum(
                (
                    cents(g["real_price"] * int(g["finish_aftersale_sku_cnt"]) / int(g["sku_cnt"]))
                    for g in goods or []
                    if g["is_free_gift"] == "0"
                ),
                Decimal(0),
            )
        before = latest.get(order, {}).get("refunded", Decimal(0))
        if row["pay_time"] and refunded > before:
            shown = max(row["update_time"].date(), row["pay_time"].date())
            rises.append({"order_id": order, "refund_date": shown, "amount": refunded - before})
        latest[order] = {
            "shop": "wechat_store",
            "buyer": row["unionid"] or row["openid"],
            "paid_at": row["pay_time"],
            "paid": row["order_price"],
            "refunded": refunded,
            "is_returned": row["status"] in ("190", "200"),
            "is_sale": row["status"] not in ("10", "250"),
            "code": None,
            "listed": row["product_price"],
            "discount": row["discounted_price"],
            "lines": None
            if goods is None
            else [
                (g["product_id"], int(g["sku_cnt"]), int(g["finish_aftersale_sku_cnt"]), g["is_free_gift"] == "1")
                for g in goods
            ],
        }
    return latest, rises


def kuaituantuan(connection) -> tuple[dict[str, dict], list[dict]]:
    """Latest version of each sale of 快团团, of a resold one the reseller's side, and the rises of its refund."""
    unions = {
        row["openid"]: row["unionid"]
        for row in rows(
            connection, "select distinct openid, unionid from wechat_store__orders where unionid is not null"
        )
    }
    chats = {row["activity_no"]: row["chat_id"] for row in rows(connection, "select * from kuaituantuan__activities")}
    versions = in_order(connection, "kuaituantuan__orders")
    resold = {
        (row["supply_activity_no"], row["supply_participate_no"])
        for row in versions
        if row["is_supplier"] == "0" and row["supply_activity_no"]
    }
    lines = latest_lines(connection, "kuaituantuan__order_lines", "order_sn")
    latest, rises = {}, []
    for row in versions:
        if row["is_supplier"] == "1" and (row["activity_no"], row["participate_no"]) in resold:
            continue
        order, cancelled = row["order_sn"], row["cancel_status"] == "1"
        refunded = Decimal(0)
        if cancelled:
            refunded = row["order_amount"]
        elif row["after_sales_status"] == "2":
            refunded = row["theoretical_refund_amount"]
        before = latest.get(order, {}).get("refunded", Decimal(0))
        if row["confirm_at"] and refunded > before:
            shown = max(row["updated_at"].date(), row["confirm_at"].date())
            rises.append({"order_id": order, "refund_date": shown, "amount": refunded - before})
        goods = lines.get(order)
        latest[order] = {
            "shop": "kuaituantuan",
            "buyer": unions.get(row["open_id"], row["open_id"]),
            "paid_at": row["confirm_at"],
            "paid": row["order_amount"],
            "refunded": refunded,
            "is_returned": cancelled,
            "is_sale": row["mall_activity_type"] in ("0", "1"),
            "code": None,
            "chat": chats.get(row["activity_no"]),
            "listed": row["order_amount"] - row["shipping_amount"] + row["discount_amount"],
            "discount": row["discount_amount"],
            "lines": None
            if goods is None
            else [
                (
                    g["goods_external_id"],
                    int(g["goods_number"]),
                    int(g["already_cancel_number"]),
                    g["is_gift"] == "1",
                )
                for g in goods
            ],
        }
    return latest, rises


def owners_of_phones(connection, persons) -> dict[str, str]:
    """The person of each phone that a single person holds."""
    holders = defaultdict(set)
    for row in rows(connection, "select external_userid as key, remark_mobiles as phones from wecom__customers"):
        for phone in (row["phones"] or "").strip("[]").replace('"', "").split(","):
            if phone.strip():
                holders[phone.strip()].add(persons[row["key"]][0])
    return {phone: min(who) for phone, who in holders.items() if len(who) == 1}


def goods_cost(order: dict, costs: dict[str, Decimal]) -> Decimal | None:
    """Cost of the goods that stayed with the buyer; none where a product has no known cost or no line is known."""
    if order["lines"] is None or any(product not in costs for product, *_ in order["lines"]):
        return None
    if order["is_returned"]:
        return Decimal(0)
    return sum(
        ((quantity - returned) * costs[product] for product, quantity, returned, _ in order["lines"]), Decimal(0)
    )


def inside(spells: list[dict], person: str, at: dt.datetime, chat: str | None = None) -> list[dict]:
    """Stays of a person at a time, in any community or in one."""
    return [
        stay
        for stay in spells
        if stay["person"] == person
        and chat in (None, stay["chat_id"])
        and stay["joined_at"] <= at < (stay["left_at"] or dt.datetime.max)
    ]


def credit(order: dict, spells, clicks, codes, flash) -> tuple[str, str]:
    """Community that an order is credited to, and by what."""
    person, at = order["person"], order["paid_at"]
    named = order.get("chat") or codes.get(order["code"])
    if named:
        first = min((s["joined_at"] for s in spells if s["person"] == person and s["chat_id"] == named), default=None)
        if first is None or first <= at:
            return named, "code"
    touched = [
        (click["at"], click["chat_id"])
        for click in clicks
        if click["person"] == person
        and dt.timedelta(0) <= at - click["at"] <= CLICK[click["chat_id"] in flash]
        and inside(spells, person, at, click["chat_id"])
    ]
    if touched:
        latest = max(when for when, _ in touched)
        return min(chat for when, chat in touched if when == latest), "last_touch"
    return "unattributed", "none"


def resolved(connection) -> tuple[dict[str, dict], list[dict]]:
    """All orders with person and credit, and the rises of their refunds."""
    persons = people(connection)
    owners = owners_of_phones(connection, persons)
    role_of = {}
    for who, role in persons.values():
        role_of[who] = role if role_of.get(who, "customer") in COUNTED else role_of[who]
    spells = rows(connection, "select * from spells")
    clicks = [
        {"person": persons[row["external_userid"]][0], "chat_id": row["chat_id"], "at": row["click_time"]}
        for row in rows(connection, "select * from scrm__link_clicks")
        if row["external_userid"] in persons
    ]
    named = rows(connection, "select * from manual__communities")
    codes = {row["promo_code"]: row["chat_id"] for row in named if row["promo_code"]}
    flash = {row["chat_id"] for row in named if row["community_type"] == "flash"}
    costs = {
        row["product_id"]: money(row["单位成本"])
        for row in rows(connection, "select * from manual__products")
        if row["单位成本"]
    }
    orders, rises = {}, []
    for shop in (youzan, wechat_store, kuaituantuan):
        latest, risen = shop(connection)
        orders |= latest
        rises += risen
    for order in orders.values():
        order["person"] = owners.get(order["buyer"], order["buyer"]) or None  # nobody, where the shop knows no phone
        order["is_counted"] = role_of.get(order["person"], "customer") in COUNTED
        order["is_sold"] = bool(order["paid_at"]) and order["is_sale"] and order["paid"] > 0 and order["is_counted"]
        order["goods_cost"] = goods_cost(order, costs)
        if order["paid_at"]:
            order["community"], order["method"] = credit(order, spells, clicks, codes, flash)
            order["is_member"] = bool(inside(spells, order["person"], order["paid_at"]))
            there = inside(spells, order["person"], order["paid_at"], order["community"])
            order["is_member_there"] = bool(there)
            order["channel"] = there[0]["channel"] if there else "unattributed"
    return orders, rises


def prepare_orders(connection) -> None:
    """Add ``orders`` and ``refunds``."""
    orders, rises = resolved(connection)
    connection.execute(
        "create table orders (order_id varchar, shop varchar, buyer varchar, person varchar, is_counted boolean,"
        " paid_at timestamp, paid_date date, paid decimal(18, 2), refunded decimal(18, 2), net decimal(18, 2),"
        " is_sold boolean, is_valid boolean, units integer, listed decimal(18, 2), discount decimal(18, 2),"
        " goods_cost decimal(18, 2), community varchar, method varchar, channel varchar, is_member boolean,"
        " is_member_there boolean)"
    )
    connection.execute(
        "create table refunds (order_id varchar, refund_date date, amount decimal(18, 2), community varchar)"
    )
    for key, o in sorted(orders.items()):
        if not o["paid_at"] or o["paid_at"].date() > LAST_DAY:
            continue
        units = None if o["lines"] is None else sum(quantity for _, quantity, _, is_gift in o["lines"] if not is_gift)
        values = [
            key,
            o["shop"],
            o["buyer"],
            o["person"],
            o["is_counted"],
            o["paid_at"],
            o["paid_at"].date(),
            o["paid"],
        ]
        values += [o["refunded"], o["paid"] - o["refunded"], o["is_sold"], o["is_sold"] and o["refunded"] < o["paid"]]
        values += [units, o["listed"], o["discount"], o["goods_cost"], o["community"], o["method"], o["channel"]]
        values += [o["is_member"], o["is_member_there"]]
        connection.execute(f"insert into orders values ({', '.join('?' * len(values))})", values)
    for rise in rises:
        order = orders[rise["order_id"]]
        if order["is_sold"] and rise["refund_date"] <= LAST_DAY:
            connection.execute(
                "insert into refunds values (?, ?, ?, ?)",
                [rise["order_id"], rise["refund_date"], rise["amount"], order["community"]],
            )


def spread(connection) -> tuple[list[list], list[dt.date]]:
    """Items of the cost sheet day by day, and the days on which they begin and end."""
    found, ends = [], []
    for row in rows(connection, "select * from manual__costs"):
        first, last = (dt.datetime.strptime(row[name], "%Y/%m/%d").date() for name in ("开始日期", "结束日期"))
        ends += [first, last]
        days, whole = (last - first).days + 1, money(row["金额"])
        place = [row[name] if row[name] != "——" else "unattributed" for name in ("社群", "渠道")]
        for k in range(1, days + 1):
            amount = cents(whole * k / days) - cents(whole * (k - 1) / days)
            found.append([first + dt.timedelta(days=k - 1), row["费用类型"], *place, amount])
    return found, ends


def advertised(connection) -> list[list]:
    """What each unit of the ad platforms cost on a day, by the latest export; the day of the export is not over."""
    there = {row["table_name"] for row in rows(connection, "select table_name from information_schema.tables")}
    targets = {row["source_id"]: row for row in rows(connection, "select * from manual__channels where source_id > ''")}
    found = {}
    for export, day, unit, cost in (
        ("tencent_ads__daily", "date", "adgroup_id", "cost"),
        ("oceanengine__daily", "时间-天", "项目ID", "消耗"),
    ):
        for row in in_order(connection, export) if export in there else []:
            if row[day] != "合计" and str(row[day])[:10] < str(row["_exported_at"])[:10]:
                target = targets.get(row[unit], {})
                place = [target.get(name) or "unattributed" for name in ("chat_id", "channel_id")]
                found[row[day], row[unit]] = [dt.date.fromisoformat(row[day]), "广告", *place, money(row[cost])]
    return list(found.values())


def prepare_costs(connection) -> None:
    """Add ``costs`` and ``cost_days``: the days that the items span, as far as any export of data reaches."""
    kept, ends = spread(connection)
    (began,) = connection.execute("select min(date_day) from sales_days").fetchone()
    first, last = max(min(ends), began), min(max(ends), LAST_DAY)
    connection.execute(
        "create table cost_days as"
        " select cast(unnest(generate_series(?::date, ?::date, interval 1 day)) as date) as date_day",
        [first, last],
    )
    connection.execute(
        "create table costs (date_day date, kind varchar, community varchar, channel varchar, amount decimal(18, 2))"
    )
    for row in kept + advertised(connection):
        if first <= row[0] <= last:
            connection.execute("insert into costs values (?, ?, ?, ?, ?)", row)


def prepare_places(connection) -> None:
    """Add ``places``, ``inside``, ``sales``, ``placed``, ``purchases`` and ``firsts``."""
    connection.execute(f"""
        create table places as
        with opened as (
            select chat_id, cast(min(seen_at) as date) as opened
            from (
                select chat_id, create_time as seen_at from wecom__group_chats
                union all select ChatId, CreateTime from wecom__group_events where ChangeType = 'create'
            ) group by all
        ),
        closed as (
            select ChatId as chat_id, cast(CreateTime as date) as closed
            from wecom__group_events where ChangeType = 'dismiss'
        )
        select chat_id as place, community_type, greatest(opened, date '{FIRST_DAY}') as opened,
            coalesce(closed, date '{LAST_DAY}') as closed
        from manual__communities join opened using (chat_id) left join closed using (chat_id)
        union all select 'unattributed', 'unattributed', (select min(date_day) from sales_days), date '{LAST_DAY}'
    """)
    connection.execute("""
        create table inside as
        select
            date_day, person, chat_id as place, community_type,
            left_at is null or cast(left_at as date) > date_day as is_closing
        from days
        join spells on date_day >= cast(joined_at as date) and (left_at is null or date_day <= cast(left_at as date))
        join places on place = chat_id
    """)
    connection.execute(
        "create table sales as select * from sales_days left join orders on paid_date = date_day and is_sold"
    )
    connection.execute("""
        create table placed as
        select * exclude (opened, closed)
        from sales_days
        join places on date_day between opened and closed
        left join orders on paid_date = date_day and is_sold and community = place
    """)
    connection.execute("""
        create table purchases as
        select person, paid_date, row_number() over (partition by person order by paid_date) as number
        from (select distinct person, paid_date from orders where is_valid and person is not null)
    """)
    connection.execute("""
        create table firsts as
        select person, paid_date, community, channel from orders where is_valid and person is not null
        qualify row_number() over (partition by person order by paid_at) = 1
    """)


def prepare(connection) -> None:
    """Add the tables of this module, and ``start_of(grain, day)``: no time for the grain ``all``."""
    connection.execute(
        "create macro start_of(grain, day) as"
        " case when grain <> 'all' then date_trunc(replace(grain, 'all', 'day'), day) end"
    )
    prepare_orders(connection)
    connection.execute(
        "create table covered as"
        " select shop, cast(unnest(generate_series(first_day, ?::date, interval 1 day)) as date) as date_day"
        " from (select shop, min(paid_date) as first_day from orders group by shop)",
        [LAST_DAY],
    )
    connection.execute("create table sales_days as select distinct date_day from covered")
    prepare_places(connection)
    prepare_costs(connection)
