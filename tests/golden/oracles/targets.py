"""What was set out to be reached, and what was.

Table ``targets(number, month, metric, kind, chat_id, staff, target, actual)``.
``month`` is that in which the period begins; ``actual``, up to the last complete day, is null where nothing can be
held against the target: a metric that does not add up, a scope that its rows do not have, a period that has not
begun.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from golden.oracles.people import LAST_DAY, rows

CONTACTS = """
(
    select cast(stat_time as date) as date_day, userid as scope, cast(new_contact_cnt as integer) as contacts,
        cast(message_cnt as integer) as messages
    from wecom__contact_statistics where cast(stat_time as date) < cast(_exported_at as date)
    qualify row_number() over (partition by userid, stat_time order by _exported_at desc) = 1
)
"""
# metric: (column of the scope that it can have, sum, rows)
ACTUALS = {
    "new_memberships": ("社群", "sum(began)", "(select *, chat_id as scope from flows)"),
    "leaves": ("社群", "sum(own + removed + unnoticed)", "(select *, chat_id as scope from flows)"),
    "orders": ("社群", "count(*)", "(select *, paid_date as date_day, community as scope from orders where is_valid)"),
    "net_sales": (
        "社群",
        "sum(net)",
        "(select *, paid_date as date_day, community as scope from orders where is_sold)",
    ),
    "gross_sales": (
        "社群",
        "sum(paid)",
        "(select *, paid_date as date_day, community as scope from orders where is_sold)",
    ),
    "successful_referrals": (None, "count(*)", "(select won_on as date_day, null as scope from referrals)"),
    "new_contacts": ("员工", "sum(contacts)", CONTACTS),
    "staff_messages": ("员工", "sum(messages)", CONTACTS),
}


def last_of(kind: str, first: dt.date) -> dt.date:
    """Last day of a week or month."""
    if kind == "周":
        return first + dt.timedelta(days=6)
    return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


def actual(connection, row: dict, first: dt.date):
    """What was reached, or none."""
    asked = {name: row[name] for name in ("社群", "员工") if row[name] != "——"}
    if row["指标"] not in ACTUALS or first > LAST_DAY:
        return None
    scope, total, table = ACTUALS[row["指标"]]
    if set(asked) - {scope}:
        return None
    last = min(last_of(row["周期"], first), LAST_DAY)
    (found,) = connection.execute(
        f"select {total} from {table} where date_day between ? and ? and (scope = ? or ? is null)",
        [first, last, asked.get(scope), asked.get(scope)],
    ).fetchone()
    return found


def prepare(connection) -> None:
    """Add the table of this module to the database of golden rows."""
    connection.execute(
        "create table targets (number varchar, month date, metric varchar, kind varchar, chat_id varchar,"
        " staff varchar,"
        " target decimal(18, 2), actual decimal(18, 2))"
    )
    for row in rows(connection, "select * from manual__targets"):
        first = dt.datetime.strptime(row["周期开始"], "%Y/%m/%d").date()
        values = [row["目标编号"], first.replace(day=1), row["指标"], row["周期"], row["社群"], row["员工"]]
        values += [Decimal(row["目标值"]), actual(connection, row, first)]
        connection.execute("insert into targets values (?, ?, ?, ?, ?, ?, ?, ?)", values)
