"""Who invited whom: tables ``invitations``, ``referrals`` and ``referral_days``.

- ``invitations(invitee, inviter, inviter_role, code, invited_at)``: of each person invited the first invitation that
  counts: it was taken up, by somebody else, who is a customer or kol; at the same minute that of the smaller key.
- ``referrals(invitee, inviter, inviter_role, won_on)``: those whose first valid order was paid at or after their
  invitation.
- ``referral_days(date_day)``: days of which invitations and orders are known.
"""

from __future__ import annotations

import datetime as dt

from golden.oracles.people import LAST_DAY, people, rows


def prepare(connection) -> None:
    """Add the tables of this module to the database of golden rows."""
    persons = people(connection)
    taken_up = [
        (dt.datetime.strptime(row["invited_at"], "%Y/%m/%d %H:%M"), row["inviter"], row["invitee"], row["invite_code"])
        for row in rows(connection, "select * from referral__records where status = 'joined'")
    ]
    first = {}
    for at, inviter, invitee, code in sorted(taken_up, key=lambda record: record[:3]):
        by, role = persons.get(inviter, (inviter, "staff"))
        who = persons[invitee][0]
        if role in ("customer", "kol") and by != who and at.date() <= LAST_DAY:
            first.setdefault(who, (who, by, role, code, at))
    connection.execute(
        "create table invitations (invitee varchar, inviter varchar, inviter_role varchar, code varchar,"
        " invited_at timestamp)"
    )
    connection.executemany("insert into invitations values (?, ?, ?, ?, ?)", list(first.values()))
    connection.execute(
        "create table referrals as select invitee, inviter, inviter_role,"
        " cast(bought_at as date) as won_on from invitations"
        " join (select person as invitee, min(paid_at) as bought_at from orders"
        " where is_valid group by person) using (invitee)"
        " where bought_at >= invited_at"
    )
    connection.execute(
        "create table referral_days as select date_day from sales_days where date_day >= ?", [min(taken_up)[0].date()]
    )
