"""How far new members came.

Table ``funnel(person, chat_id, channel, joined_on, activated, ordered, repurchased, referred)``.
Each step is a date or null and needs the one before: active within 7 days of joining, the first order ever within 30
days of that, another day of purchase within 30 days, a successful referral within 90 days.
"""

from __future__ import annotations

import datetime as dt

from golden.oracles.people import rows


def within(days: int, start: dt.date, candidates: list[dt.date]) -> dt.date | None:
    """The first candidate from a date to some days after it."""
    return min((day for day in candidates if start <= day <= start + dt.timedelta(days=days)), default=None)


def prepare(connection) -> None:
    """Add the table of this module to the database of golden rows."""
    acts = rows(connection, "select person, done_at from activities")
    orders = rows(connection, "select person, paid_at from orders where is_valid order by paid_at")
    acts += [{"person": order["person"], "done_at": order["paid_at"]} for order in orders]
    won = rows(connection, "select inviter as person, won_on from referrals")
    connection.execute(
        "create table funnel (person varchar, chat_id varchar, channel varchar, joined_on date, activated date,"
        " ordered date,"
        " repurchased date, referred date)"
    )
    for row in rows(connection, "select * from first_stays where is_won order by person"):
        who, joined, last = row["person"], row["joined_at"], row["joined_on"] + dt.timedelta(days=7)
        active = min(
            (
                a["done_at"]
                for a in acts
                if a["person"] == who and joined <= a["done_at"] and a["done_at"].date() <= last
            ),
            default=None,
        )
        paid = [order["paid_at"] for order in orders if order["person"] == who]
        steps = [active.date() if active else None, None, None, None]
        if active and paid and paid[0] >= active:
            steps[1] = within(30, steps[0], [paid[0].date()])
        if steps[1]:
            steps[2] = within(30, steps[1], [at.date() for at in paid if at.date() > steps[1]])
        if steps[2]:
            steps[3] = within(90, steps[2], [r["won_on"] for r in won if r["person"] == who])
        values = [who, row["chat_id"], row["channel"], row["joined_on"], *steps]
        connection.execute("insert into funnel values (?, ?, ?, ?, ?, ?, ?, ?)", values)
