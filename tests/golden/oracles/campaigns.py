"""Whom campaigns reached, who took part and who bought; live sessions, courses and group buys.

- ``campaign_people(campaign, name, kind, chat_id, started_on, person, took_part, bought)``: one row per campaign and
  person reached, and one without a person for each campaign.
- ``campaign_orders(campaign, order_id, person, net)``: each valid order in the campaign that it belongs to.
- ``live(session, started_at, campaign, viewers, reactions, payers)``: the latest export of each session that is over.
- ``enrolments(course, name, chat_id, person, enrolled_on, is_matured, is_finished)``: paid ones of counted persons.
- ``trials(course, name, chat_id, channel, person, joined_on, bought)``: first new stay of each person in the trial
  group of a course.
- ``group_buys(activity, opened_on, chat_id, product, is_over, is_success)``.
"""

from __future__ import annotations

import datetime as dt

from golden.oracles.people import LAST_DAY, people, rows

COUNTED = ("customer", "kol")
END = dt.datetime.combine(LAST_DAY, dt.time()) + dt.timedelta(days=1)
LIVE = """
create table live as
select
    export_id as session, create_time as started_at, coalesce(活动名称, '未归属') as campaign,
    cast(new_watch_uv as integer) as viewers, cast(total_pay_uv as integer) as payers,
    cast(new_comment_count as integer) + cast(like_count as integer) + cast(sharing_count as integer) as reactions
from (
    select * from wechat_channels__live_sessions where end_time is not null
    qualify row_number() over (partition by export_id order by _exported_at desc) = 1
)
left join manual__campaigns
    on 活动类型 = '直播' and create_time >= cast(开始时间 as timestamp) and create_time < cast(结束时间 as timestamp)
"""
TRIALS = """
create table trials as
select
    course_id as course, 课程名称 as name, spells.chat_id, channel, spells.person, cast(joined_at as date) as joined_on,
    count(enrolled_at) > 0 as bought
from manual__courses
join spells on spells.chat_id = 体验群 and is_new and is_start_known
left join enrolments on course = course_id and enrolments.person = spells.person and enrolled_at >= joined_at
group by course_id, 课程名称, spells.chat_id, channel, spells.person, joined_at
qualify row_number() over (partition by course_id, spells.person order by joined_at) = 1
"""
GROUP_BUYS = f"""
create table group_buys as
with latest as (
    select * from kuaituantuan__activities
    qualify row_number() over (partition by activity_no order by _exported_at desc) = 1
),
taken as (
    select activity_no, count(distinct participate_no) as participants from kuaituantuan__orders
    where cancel_status = '0' and confirm_at is not null and mall_activity_type in ('0', '1')
    group by activity_no
)
select
    activity_no as activity, cast(start_at as date) as opened_on, coalesce(chat_id, 'unattributed') as chat_id,
    商品角色 as product, status = '20' and cast(end_at as date) <= date '{LAST_DAY}' as is_over,
    coalesce(participants, 0) >= cast(min_participants as integer) as is_success
from latest
left join taken using (activity_no)
left join manual__products on product_id = goods_external_id
"""


def campaigns(connection) -> list[dict]:
    """Campaigns that have begun, with their window."""
    phases = rows(connection, "select * from manual__campaign_phases")
    found = []
    for row in rows(connection, "select * from manual__campaigns"):
        start = dt.datetime.fromisoformat(row["开始时间"])
        own = [phase for phase in phases if phase["campaign_id"] == row["campaign_id"]]
        begin = min([start, *(dt.datetime.fromisoformat(phase["开始时间"]) for phase in own)])
        end = max(dt.datetime.fromisoformat(r["结束时间"]) for r in [row, *own])
        if start < END:
            found.append({"id": row["campaign_id"], "row": row, "start": start, "begin": begin, "end": end})
    return found


def actions(connection, persons) -> list[dict]:
    """What counted persons did by the reach list."""
    return [
        {
            "campaign": row["campaign_id"],
            "person": persons[row["external_userid"]][0],
            "kind": row["action"],
            "at": row["action_time"],
        }
        for row in rows(connection, "select * from scrm__campaign_reach")
        if persons[row["external_userid"]][1] in COUNTED and row["action_time"] < END
    ]


def owner(order: dict, found: list[dict], done: list[dict]) -> str | None:
    """The campaign that an order belongs to: of those that fit the one that began last."""
    fitting = [
        (-c["start"].timestamp(), c["id"])
        for c in found
        if c["begin"] <= order["paid_at"] < c["end"]
        and (
            order["community"] == c["row"]["chat_id"]
            if c["row"]["chat_id"]
            else any(
                a["campaign"] == c["id"] and a["person"] == order["person"] and a["at"] <= order["paid_at"]
                for a in done
            )
        )
    ]
    return min(fitting)[1] if fitting else None


def prepare_campaigns(connection, persons) -> None:
    """Add ``campaign_people`` and ``campaign_orders``."""
    found, done = campaigns(connection), actions(connection, persons)
    stays = rows(connection, "select * from spells")
    connection.execute(
        "create table campaign_orders (campaign varchar, order_id varchar, person varchar, net decimal(18, 2))"
    )
    bought = {}
    for order in rows(connection, "select * from orders where is_valid and is_counted"):
        if campaign := owner(order, found, done):
            bought.setdefault(campaign, set()).add(order["person"])
            values = [campaign, order["order_id"], order["person"], order["net"]]
            connection.execute("insert into campaign_orders values (?, ?, ?, ?)", values)
    connection.execute(
        "create table campaign_people (campaign varchar, name varchar, kind varchar, chat_id varchar, started_on date,"
        " person varchar, took_part boolean, bought boolean)"
    )
    for c in found:
        own = [a for a in done if a["campaign"] == c["id"]]
        there = [s for s in stays if s["chat_id"] == c["row"]["chat_id"]]
        inside = {
            s["person"]
            for s in there
            if s["joined_at"] < c["end"] and (s["left_at"] is None or s["left_at"] > c["begin"])
        }
        joined = {s["person"] for s in there if c["begin"] <= s["joined_at"] < c["end"]}
        acted = {a["person"] for a in own if a["kind"] != "reach" and c["begin"] <= a["at"] < c["end"]}
        buyers = bought.get(c["id"], set())
        head = [
            c["id"],
            c["row"]["活动名称"],
            c["row"]["活动类型"],
            c["row"]["chat_id"] or "unattributed",
            c["start"].date(),
        ]
        connection.execute("insert into campaign_people values (?, ?, ?, ?, ?, null, false, false)", head)
        for person in sorted({a["person"] for a in own} | inside | buyers):
            values = [*head, person, person in acted | joined | buyers, person in buyers]
            connection.execute("insert into campaign_people values (?, ?, ?, ?, ?, ?, ?, ?)", values)


def prepare_courses(connection, persons) -> None:
    """Add ``enrolments`` and ``trials``."""
    roles = dict(persons.values())
    pulled = {}
    for row in sorted(rows(connection, "select * from xiaoetong__learning"), key=lambda row: str(row["_exported_at"])):
        who = persons.get(row["user_key"], (row["user_key"], ""))[0]
        if row["enroll_type"] == "paid" and roles.get(who, "customer") in COUNTED:
            pulled[row["course_id"], who] = row
    courses = {row["course_id"]: row for row in rows(connection, "select * from manual__courses")}
    connection.execute(
        "create table enrolments (course varchar, name varchar, chat_id varchar, person varchar, enrolled_at timestamp,"
        " enrolled_on date, is_matured boolean, is_finished boolean)"
    )
    for (course, who), row in pulled.items():
        about, at = courses[course], dt.datetime.fromisoformat(row["enrolled_at"])
        over = dt.datetime.strptime(about["结课日期"], "%Y/%m/%d").date() <= LAST_DAY
        done = (
            int(row["lessons_finished"]) >= int(row["lessons_total"])
            and dt.datetime.fromisoformat(row["finished_at"]) < END
        )
        place = about["体验群"].replace("——", "unattributed")
        values = [course, about["课程名称"], place, who, at, at.date(), over, over and done]
        connection.execute("insert into enrolments values (?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute(TRIALS)


def prepare(connection) -> None:
    """Add the tables of this module to the database of golden rows."""
    persons = people(connection)
    prepare_campaigns(connection, persons)
    prepare_courses(connection, persons)
    connection.execute(LIVE)
    connection.execute(GROUP_BUYS)
