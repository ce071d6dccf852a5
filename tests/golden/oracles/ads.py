"""What the advertising platforms report: tables ``ads`` and ``ad_days``.

- ``ads(source, date_day, channel, chat_id, impressions, persons, cost)``: the latest version of each unit and day;
  the day of the export itself is not over and does not count.
- ``ad_days(source, channel, chat_id, date_day)``: days that the export of a platform covers, for each of its
  channels.
"""

from __future__ import annotations

from decimal import Decimal

from golden.oracles.people import rows

REPORTS = """
select 'tencent_ads' as source, date as day, adgroup_id as unit, view_count as shown, view_user_count as persons,
    cast(cost as varchar) as spent, _exported_at as exported from tencent_ads__daily
union all
select 'oceanengine', "时间-天", 项目ID, 展示数, null, 消耗, _exported_at
from oceanengine__daily where "时间-天" <> '合计'
"""


def number(text) -> Decimal | None:
    """A figure with or without separators of thousands."""
    return None if text is None else Decimal(text.replace(",", ""))


def prepare(connection) -> None:
    """Add the tables of this module to the database of golden rows."""
    channels = {
        row["source_id"]: row for row in rows(connection, "select * from manual__channels where source_id is not null")
    }
    latest, made = {}, {}
    for row in sorted(rows(connection, REPORTS), key=lambda row: str(row["exported"])):
        made[row["source"]] = max(made.get(row["source"], ""), str(row["exported"])[:10])
        if row["day"] < str(row["exported"])[:10]:
            latest[row["source"], row["day"], row["unit"]] = row
    connection.execute(
        "create table ads (source varchar, date_day date, channel varchar, chat_id varchar, impressions integer,"
        " persons integer, cost decimal(18, 2))"
    )
    for (source, day, unit), row in sorted(latest.items()):
        channel = channels[unit]
        figures = [number(row[name]) for name in ("shown", "persons", "spent")]
        values = [source, day, channel["channel_id"], channel["chat_id"] or "unattributed", *figures]
        connection.execute("insert into ads values (?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute("create table ad_ends (source varchar, made_on date)")
    connection.executemany("insert into ad_ends values (?, ?)", sorted(made.items()))
    connection.execute(
        "create table ad_days as select source, channel, chat_id, cast(unnest(generate_series(first_day,"
        " made_on - 1, interval 1 day)) as date) as date_day from (select source, min(date_day) as first_day from ads"
        " group by source) join ad_ends using (source) join (select distinct source, channel, chat_id"
        " from ads) using (source)"
    )
