"""Who said and did what: messages, questions, replies, topics, interactions, activity and its states by month.

- ``kept(message_id, chat_id, day, sent_at, sender, person, role, channel, is_team, is_customer, is_effective,
  is_read, polarity)``: messages sent in a community and not taken back. The channel is that of the sender's stay.
  What is not read has no polarity.
- ``mentions(message_id, chat_id, day, person, term)``: terms of effective messages that are read, once per message.
- ``questions(chat_id, day, person, asked_at, minutes, is_unanswered)`` and ``replies(chat_id, day, replier, is_peer)``.
- ``actions(kind, chat_id, day, person, number)``: comments, likes, shares, check-ins, votes, sign-ups;
  ``action_days(kind, date_day)``: the days on which a kind is known.
- ``activities(person, chat_id, done_at, day, kind)``: declared activities of counted persons, orders among them
  where the table ``orders`` is known.
- ``alive(chat_id, date_day)``: days on which a community exists; ``stock(chat_id, channel, date_day, memberships)``.
- ``newcomers(person, chat_id, channel, joined_at)``: first stays of people, seen and within the history.
- ``states(month, person, state)``: returning, new, resurrected, dormant, by calendar month.
- ``content(day, content_id, chat_id, views, clicks, comments, likes, shares)`` and
  ``articles(day, article, readers, sharers, likers, recommenders, comments, collectors)``.

Views with a row for the quiet days too, in which a count is 0 and not unknown:

- ``talk``: ``kept``, and for a day without messages of a community a row without a message;
- ``speech(chat_id, channel, date_day, speakers, memberships)``;
- ``doings(kind, chat_id, date_day, number)`` and ``looks(chat_id, date_day, content_id, views, ...)``;
- ``presence(chat_id, date_day, person)``: who was active, and a row without a person for each community and day.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict

from golden.oracles.people import FIRST_DAY, HISTORY, LAST_DAY, rows

DAY = dt.timedelta(days=1)
END = dt.datetime.combine(LAST_DAY + DAY, dt.time())
KNOWN_KINDS = ("comment", "like", "share")


def create(connection, name: str, columns: str, found: list[tuple]) -> None:
    """A table of the tuples ``found``."""
    connection.execute(f"create table {name} ({columns})")
    if found:
        connection.executemany(f"insert into {name} values ({', '.join('?' * len(found[0]))})", found)


def kept_messages(connection, persons, stays) -> list[dict]:
    """Messages of communities in order of time, judged one by one."""
    sent = rows(connection, "select * from wecom__messages")
    taken_back = {row["pre_msgid"] for row in sent if row["action"] == "recall"}
    communities = {row["chat_id"] for row in rows(connection, "select chat_id from wecom__group_chats")}
    communities |= {row["ChatId"] for row in rows(connection, "select ChatId from wecom__group_events")}
    found = {}
    for row in sent:
        if (
            row["action"] == "send"
            and row["roomid"] in communities
            and row["msgtype"] not in ("revoke", "agree", "disagree")
            and row["msgid"] not in taken_back
            and HISTORY <= row["msgtime"] < END
        ):
            found[row["msgid"]] = row
    kept = sorted(found.values(), key=lambda row: (row["msgtime"], row["msgid"]))
    for row in kept:
        key = row["from"]
        row["person"], row["role"] = persons.get(key, (key, {"st": "staff", "wb": "bot"}.get(key[:2], "customer")))
        row["is_customer"] = row["role"] in ("customer", "kol")
        row["channel"] = next(
            (
                stay["channel"]
                for stay in stays
                if stay["person"] == row["person"]
                and stay["chat_id"] == row["roomid"]
                and stay["joined_at"] <= row["msgtime"] < (stay["left_at"] or dt.datetime.max)
            ),
            "unattributed",
        )
    judge(kept)
    return kept


def judge(kept: list[dict]) -> None:
    """Set ``is_effective``: content, no repeat within 24 hours, among the first five of the sender's minute."""
    last_said, in_minute = {}, defaultdict(int)
    for row in kept:
        row["is_effective"] = False
        is_text = (
            row["msgtype"] in ("text", "mixed")
            and int(row["text_length"]) >= 2
            and row["is_solitaire"] == "0"
            and row["is_stop_phrase"] == "0"
        )
        is_voice = row["msgtype"] == "voice" and int(row["voice_seconds"]) >= 2
        if not (row["is_customer"] and (is_text or is_voice)):
            continue
        said = (row["from"], row["roomid"], row["content_hash"])
        before, last_said[said] = last_said.get(said), row["msgtime"]
        if before and row["msgtime"] - before <= dt.timedelta(hours=24):
            continue
        minute = (row["from"], row["roomid"], row["msgtime"].replace(second=0, microsecond=0))
        in_minute[minute] += 1
        row["is_effective"] = in_minute[minute] <= 5


def may_read(row: dict, persons, words: list[dict]) -> bool:
    """Whether the sender had agreed when he wrote: nowhere refused, somewhere agreed, in the last word of each chat."""
    if not row["from"].startswith("wm"):
        return True
    last = {}
    for word in sorted(words, key=lambda word: word["status_change_time"]):
        whose = persons.get(word["external_userid"], (word["external_userid"], ""))[0]
        if whose == row["person"] and word["status_change_time"] <= row["msgtime"]:
            last[word["external_userid"], word["chat_id"]] = word["agree_status"]
    return "Disagree" not in last.values() and "Agree" in last.values()


def questions_of(kept: list[dict]) -> list[tuple]:
    """Rows of ``questions``."""
    found = []
    for chat in sorted({row["roomid"] for row in kept}):
        talk = [row for row in kept if row["roomid"] == chat and (row["is_effective"] or row["role"] == "staff")]
        for position, row in enumerate(talk):
            before = talk[position - 1] if position else None
            opens = before is None or before["role"] == "staff" or row["msgtime"] - before["msgtime"] > DAY
            if row["role"] != "staff" and opens:
                waits = (other["msgtime"] - row["msgtime"] for other in talk[position:] if other["role"] == "staff")
                wait = next(waits, None)
                minutes = wait.total_seconds() / 60 if wait is not None and wait <= DAY else None
                unanswered = minutes is None and row["msgtime"] + DAY < END
                found.append((chat, row["msgtime"].date(), row["person"], row["msgtime"], minutes, unanswered))
    return found


def replies_of(kept: list[dict]) -> list[tuple]:
    """Rows of ``replies``: what directly follows a message of another member within half an hour."""
    found = []
    for chat in sorted({row["roomid"] for row in kept}):
        talk = [row for row in kept if row["roomid"] == chat and (row["is_customer"] or row["role"] == "staff")]
        for before, row in itertools.pairwise(talk):
            soon = row["msgtime"] - before["msgtime"] <= dt.timedelta(minutes=30)
            if before["is_customer"] and before["person"] != row["person"] and soon:
                found.append((chat, row["msgtime"].date(), row["person"], row["is_customer"]))
    return found


def check_ins(connection, persons) -> list[tuple]:
    """(community, time, person, number) of each rise of somebody's days."""
    pulls = rows(connection, "select * from weiban__check_ins order by _exported_at")
    first = {}
    for row in pulls:
        first.setdefault(row["activity_id"], row["_exported_at"])
    found, so_far = [], {}
    for row in pulls:
        key, days = (row["activity_id"], row["external_userid"]), int(row["total_days"])
        is_first_pull = row["_exported_at"] == first[row["activity_id"]]
        rise = int(days > 0) if is_first_pull else days - so_far.get(key, 0)
        so_far[key] = days
        who, role = persons[row["external_userid"]]
        counted = role in ("customer", "kol") and row["phase"] != "first_entry"
        if rise > 0 and counted and HISTORY <= row["last_check_in_time"] < END:
            found.append((row["chat_id"], row["last_check_in_time"], who, rise))
    return found


def votes(connection, persons) -> list[tuple]:
    """(community, time, person, 1) of the first vote of each person in each poll that was not taken back."""
    taken_back = {row["pre_msgid"] for row in rows(connection, "select pre_msgid from wecom__messages")}
    found, seen = [], set()
    for row in rows(connection, "select * from wecom__polls where votetype = '102' order by msgtime, msgid"):
        who, role = persons.get(row["from"], (row["from"], "staff"))
        if role in ("customer", "kol") and row["msgid"] not in taken_back and (who, row["voteid"]) not in seen:
            seen.add((who, row["voteid"]))
            found.append((row["roomid"], row["msgtime"], who, 1))
    return found


def content_days(connection) -> list[tuple]:
    """Rows of ``content``: of each piece and day the latest export, of days that were over when it was made."""
    items = rows(connection, "select * from scrm__content_items")
    home = {row["content_id"]: row["chat_id"] or "unattributed" for row in items}
    counters = ("view_cnt", "click_cnt", "comment_cnt", "like_cnt", "share_cnt")
    latest = {}
    for row in rows(connection, "select * from scrm__content_daily order by _exported_at"):
        day = dt.date.fromisoformat(row["stat_date"])
        if day < dt.date.fromisoformat(str(row["_exported_at"])[:10]) and day <= LAST_DAY:
            latest[row["content_id"], day] = row
    return [
        (day, content, home[content], *(int(row[name]) for name in counters)) for (content, day), row in latest.items()
    ]


def article_days(connection) -> list[tuple]:
    """Rows of ``articles``: what each counter shows above the most that it showed before."""
    counters = ("read_user", "share_user", "like_user", "zaikan_user", "comment_count", "collection_user")
    peak, found = defaultdict(int), []
    latest = {}
    for row in rows(connection, "select * from wechat_official__articles order by _exported_at"):
        latest[row["msgid"], row["stat_date"]] = row
    for _, row in sorted(latest.items()):
        rises = []
        for name in counters:
            key, value = (row["msgid"], name), int(row[name])
            rises.append(max(value - peak[key], 0))
            peak[key] = max(peak[key], value)
        found.append((dt.date.fromisoformat(row["stat_date"]), row["msgid"], *rises))
    return found


def spans(connection) -> list[tuple]:
    """Rows of ``alive``: from the opening of a community, or history, to its dissolution or the last complete day."""
    opened, closed = {}, {}
    for row in rows(connection, "select chat_id, create_time from wecom__group_chats"):
        opened[row["chat_id"]] = row["create_time"].date()
    for row in rows(connection, "select * from wecom__group_events"):
        if row["ChangeType"] == "create":
            opened.setdefault(row["ChatId"], row["CreateTime"].date())
        if row["ChangeType"] == "dismiss":
            closed[row["ChatId"]] = row["CreateTime"].date()
    found = []
    for chat, first in opened.items():
        day = max(first, FIRST_DAY)
        while day <= min(closed.get(chat, LAST_DAY), LAST_DAY):
            found.append((chat, day))
            day += DAY
    return found


def newcomers_of(stays: list[dict]) -> list[tuple]:
    """Rows of ``newcomers``."""
    first = {}
    for stay in sorted(stays, key=lambda stay: (stay["joined_at"], stay["chat_id"])):
        first.setdefault(stay["person"], stay)
    return [
        (who, stay["chat_id"], stay["channel"], stay["joined_at"])
        for who, stay in first.items()
        if stay["is_new"] and stay["is_start_known"]
    ]


def states_of(activities: list[tuple], newcomers: list[tuple]) -> list[tuple]:
    """Rows of ``states``: from January, the first month before which a whole month is known."""
    months = [dt.date(2023, 12, 1), dt.date(2024, 1, 1), dt.date(2024, 2, 1), dt.date(2024, 3, 1)]
    active = {month: {who for who, _, _, day, _ in activities if day.replace(day=1) == month} for month in months}
    joined = {who: at.date().replace(day=1) for who, _, _, at in newcomers}
    found = []
    for before, month in itertools.pairwise(months):
        for who in sorted(active[before] | active[month]):
            if who not in active[month]:
                state = "dormant"
            elif who in active[before]:
                state = "returning"
            else:
                state = "new" if joined.get(who) == month else "resurrected"
            found.append((month, who, state))
    return found


def order_activities(connection, stays) -> list[tuple]:
    """Valid orders that people paid while they were inside some community, where the orders are known."""
    if not rows(connection, "select 1 as known from information_schema.tables where table_name = 'orders'"):
        return []
    return [
        (order["person"], order["community"], order["paid_at"], "order")
        for order in rows(connection, "select * from orders where is_valid")
        if HISTORY <= order["paid_at"] < END
        and any(
            stay["person"] == order["person"]
            and stay["joined_at"] <= order["paid_at"] < (stay["left_at"] or dt.datetime.max)
            for stay in stays
        )
    ]


QUIET_TOO = """
create view homes as select chat_id, date_day from alive union all select 'unattributed', date_day from days;
create view talk as
    select date_day, alive.chat_id, coalesce(channel, 'unattributed') as channel, role,
        hour(sent_at) as sent_hour, message_id, coalesce(is_team, false) as is_team,
        coalesce(is_customer, false) as is_customer,
        coalesce(is_effective, false) as is_effective,
        coalesce(is_effective, false) and is_read as is_judgeable, polarity
    from alive left join kept on kept.chat_id = alive.chat_id and day = date_day;
create view speech as
    with cells as (
        select distinct chat_id, channel from spells union select chat_id, channel from kept where is_effective
    ),
    spoke as (
        select chat_id, channel, day, count(distinct person) as speakers from kept where is_effective group by all
    )
    select chat_id, channel, date_day, coalesce(speakers, 0) as speakers, coalesce(memberships, 0) as memberships
    from alive join cells using (chat_id) left join stock using (chat_id, channel, date_day)
    left join spoke on (spoke.chat_id, spoke.channel, spoke.day) = (chat_id, channel, date_day);
create view doings as
    select kind, chat_id, day as date_day, number, person from actions
    union all
    select kind, chat_id, date_day, 0, null from action_days join homes using (date_day)
    where kind in ('comment', 'like', 'share') or chat_id <> 'unattributed';
create view looks as
    select chat_id, day as date_day, content_id, views, clicks, comments, likes, shares from content
    union all
    select chat_id, date_day, null, 0, 0, 0, 0, 0 from homes where date_day >= (select min(day) from content);
create view presence as
    select chat_id, day as date_day, person from activities
    union all
    select chat_id, date_day, null from days, (select distinct chat_id from homes);
"""


def by_person(connection, persons, kept) -> dict[str, list[tuple]]:
    """(community, time, person, number) of check-ins, votes and sign-ups."""
    signed = [row for row in kept if row["is_customer"] and row["is_solitaire"] == "1"]
    return {
        "check_in": check_ins(connection, persons),
        "vote": votes(connection, persons),
        "sign_up": [(row["roomid"], row["msgtime"], row["person"], 1) for row in signed],
    }


def prepare_messages(connection, kept: list[dict]) -> None:
    """Tables of what was said."""
    columns = ("msgid", "roomid", "day", "msgtime", "from", "person", "role", "channel")
    judged = ("is_team", "is_customer", "is_effective", "is_read", "polarity")
    words = rows(connection, "select * from wecom__consents")
    persons = {row["member_key"]: (row["person"], row["role"]) for row in rows(connection, "select * from persons")}
    for row in kept:
        row |= {"day": row["msgtime"].date(), "is_team": row["role"] in ("staff", "bot")}
        row["is_read"] = may_read(row, persons, words)
        row["polarity"] = row["polarity"] if row["is_read"] else None
    create(
        connection,
        "kept",
        "message_id varchar, chat_id varchar, day date, sent_at timestamp, sender varchar, person varchar,"
        " role varchar, channel varchar, is_team boolean, is_customer boolean, is_effective boolean, is_read boolean,"
        " polarity integer",
        [tuple(row[name] for name in columns + judged) for row in kept],
    )
    create(
        connection,
        "mentions",
        "message_id varchar, chat_id varchar, day date, person varchar, term varchar",
        [
            (row["msgid"], row["roomid"], row["day"], row["person"], term)
            for row in kept
            if row["is_effective"] and row["is_read"]
            for term in sorted(set((row["terms"] or "").split()))
        ],
    )
    asked = "chat_id varchar, day date, person varchar, asked_at timestamp, minutes double, is_unanswered boolean"
    create(connection, "questions", asked, questions_of(kept))
    create(connection, "replies", "chat_id varchar, day date, replier varchar, is_peer boolean", replies_of(kept))


def prepare_actions(connection, done: dict[str, list[tuple]], content: list[tuple]) -> None:
    """Tables of what was done: by known persons, and counted by the content tool."""
    actions = [(kind, chat, at.date(), who, number) for kind, acts in done.items() for chat, at, who, number in acts]
    for row in content:
        actions += [(kind, row[2], row[0], None, row[at]) for at, kind in enumerate(KNOWN_KINDS, start=5)]
    create(connection, "actions", "kind varchar, chat_id varchar, day date, person varchar, number integer", actions)
    begins = {kind: min(row[2] for row in actions if row[0] == kind) for kind in {row[0] for row in actions}}
    # others are known from the first event of their export on; these two are messages, known as the archive is
    begins |= {"sign_up": FIRST_DAY, "vote": FIRST_DAY}
    known = [(kind, first + DAY * n) for kind, first in begins.items() for n in range((LAST_DAY - first).days + 1)]
    create(connection, "action_days", "kind varchar, date_day date", known)


def prepare(connection) -> None:
    """Add the tables and views above to the database of golden rows."""
    persons = {row["member_key"]: (row["person"], row["role"]) for row in rows(connection, "select * from persons")}
    stays = rows(connection, "select * from spells order by joined_at")
    kept = kept_messages(connection, persons, stays)
    prepare_messages(connection, kept)
    content, done = content_days(connection), by_person(connection, persons, kept)
    shown = "views integer, clicks integer, comments integer, likes integer, shares integer"
    create(connection, "content", f"day date, content_id varchar, chat_id varchar, {shown}", content)
    read = (
        "readers integer, sharers integer, likers integer, recommenders integer, comments integer, collectors integer"
    )
    create(connection, "articles", f"day date, article varchar, {read}", article_days(connection))
    prepare_actions(connection, done, content)
    activities = [(row["person"], row["roomid"], row["msgtime"], "message") for row in kept if row["is_effective"]]
    activities += [(who, chat, at, kind) for kind, acts in done.items() for chat, at, who, _ in acts]
    activities += order_activities(connection, stays)
    activities = [(who, chat, at, at.date(), kind) for who, chat, at, kind in activities]
    acted = "person varchar, chat_id varchar, done_at timestamp, day date, kind varchar"
    create(connection, "activities", acted, activities)
    create(connection, "alive", "chat_id varchar, date_day date", spans(connection))
    connection.execute(
        "create table stock as select chat_id, channel, date_day, count(*) as memberships from days join spells"
        " on date_day >= cast(joined_at as date) and (left_at is null or date_day < cast(left_at as date)) group by all"
    )
    newcomers = newcomers_of(stays)
    came = "person varchar, chat_id varchar, channel varchar, joined_at timestamp"
    create(connection, "newcomers", came, newcomers)
    create(connection, "states", "month date, person varchar, state varchar", states_of(activities, newcomers))
    connection.execute(QUIET_TOO)
