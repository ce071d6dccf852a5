"""What the platform counts of the one-to-one chats of staff: table ``staff_days``.

``staff_days(userid, day, added, chats, messages, rate, minutes, lost)``: of each staff member and day the latest export
that was made after the day and, if it is all zeros, not before six in the morning.
"""

from __future__ import annotations

import datetime as dt

from golden.oracles.people import LAST_DAY, rows

COUNTS = ("new_apply_cnt", "new_contact_cnt", "chat_cnt", "message_cnt", "negative_feedback_cnt")


def prepare(connection) -> None:
    """Add ``staff_days`` to the database of golden rows."""
    latest = {}
    for row in sorted(
        rows(connection, "select * from wecom__contact_statistics"), key=lambda row: str(row["_exported_at"])
    ):
        day, made = row["stat_time"].date(), dt.datetime.fromisoformat(str(row["_exported_at"]))
        morning = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(6))
        is_empty = not any(int(row[name]) for name in COUNTS) and row["reply_percentage"] is None
        if day < made.date() and day <= LAST_DAY and not (is_empty and made < morning):
            latest[row["userid"], day] = row
    connection.execute(
        "create table staff_days (userid varchar, day date, added integer, chats integer, messages integer,"
        " rate double, minutes double, lost integer)"
    )
    for (who, day), row in latest.items():
        counts = (row["new_contact_cnt"], row["chat_cnt"], row["message_cnt"], row["reply_percentage"])
        connection.execute(
            "insert into staff_days values (?, ?, ?, ?, ?, ?, ?, ?)",
            [who, day, *counts, row["avg_reply_time"], row["negative_feedback_cnt"]],
        )
