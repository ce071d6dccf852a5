"""Of what kind people are.

Table ``segments(snapshot, person, segment, tier)``, at month ends with known orders and on the last day.
Everybody ever seen inside a community or with a valid order, by the ordered rules of the user segments and, apart
from them, of the loyalty tiers; both ``not_profiled`` while the person has refused it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from golden.oracles.people import LAST_DAY, rows

WINDOW, BLOCK = 90, 30


def snapshots(first: dt.date) -> list[dt.date]:
    """Month ends from a day on, and the last complete day."""
    days = [first + dt.timedelta(days=n) for n in range((LAST_DAY - first).days + 1)]
    return [day for day in days if (day + dt.timedelta(days=1)).day == 1 or day == LAST_DAY]


def ago(at: dt.date, day: dt.date) -> int:
    """Days from a day to the snapshot."""
    return (at - day).days


def segment(at: dt.date, seen: dt.date, bought: list[dict], won: list[dt.date]) -> str:
    """The first rule that fits: ``bought`` are the valid orders so far, ``won`` the dates of successful referrals."""
    days = {order["paid_date"] for order in bought}
    recent = [order for order in bought if ago(at, order["paid_date"]) < WINDOW]
    if len(days) <= 1:
        return "observing" if ago(at, seen) < WINDOW else "low_demand"
    if not recent:
        return "need_driven"
    brought = any(day <= at for day in won)
    if brought and {ago(at, order["paid_date"]) // BLOCK for order in recent} == {0, 1, 2}:
        return "loyal"
    if not brought and sum(order["net"] for order in recent) / len(recent) < 80:
        return "bargain"
    return "regular_repeat"


def tier(at: dt.date, bought: list[dict]) -> str:
    """Loyal who bought on two days of half a year and lately; of high value from 500 yuan in a year."""
    days = {order["paid_date"] for order in bought}
    loyal = sum(ago(at, day) < 180 for day in days) >= 2 and ago(at, max(days)) <= 90
    value = sum(order["net"] for order in bought if ago(at, order["paid_date"]) < 365)
    return ("high_value_loyal" if value >= 500 else "ordinary_loyal") if loyal else "ordinary"


def refused(connection) -> dict[str, list[tuple[dt.date, bool]]]:
    """(first day, refused) of the choices of each person in the newest sheet, in order."""
    whose = {row["member_key"]: row["person"] for row in rows(connection, "select * from persons")}
    found = defaultdict(list)
    newest = "select * from manual__profiling_choices where _exported_at = '2024-03-11 02:00:00'"
    for row in rows(connection, newest):
        day = dt.datetime.strptime(row["生效日期"], "%Y/%m/%d").date()
        found[whose[row["客户"]]].append((day, row["选择"] == "拒绝"))
    return {person: sorted(choices) for person, choices in found.items()}


def prepare(connection) -> None:
    """Add the table of this module to the database of golden rows."""
    orders, won, seen = defaultdict(list), defaultdict(list), {}
    for order in rows(connection, "select person, paid_date, net from orders where is_valid and person is not null"):
        orders[order["person"]].append(order)
        seen[order["person"]] = min(seen.get(order["person"], order["paid_date"]), order["paid_date"])
    for stay in rows(connection, "select person, cast(joined_at as date) as joined_on from spells"):
        seen[stay["person"]] = min(seen.get(stay["person"], stay["joined_on"]), stay["joined_on"])
    for row in rows(connection, "select inviter, won_on from referrals"):
        won[row["inviter"]].append(row["won_on"])
    connection.execute("create table segments (snapshot date, person varchar, segment varchar, tier varchar)")
    choices = refused(connection)
    (first_day,) = connection.execute("select min(date_day) from sales_days").fetchone()
    for at in snapshots(first_day):
        for person, first in sorted(seen.items()):
            if first <= at:
                bought = [order for order in orders[person] if order["paid_date"] <= at]
                values = [at, person, segment(at, first, bought, won[person]), tier(at, bought)]
                if [no for day, no in choices.get(person, []) if day <= at][-1:] == [True]:
                    values = [at, person, "not_profiled", "not_profiled"]
                connection.execute("insert into segments values (?, ?, ?, ?)", values)
