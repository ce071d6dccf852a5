"""Who is who, and who was in which community when: tables ``persons``, ``spells`` and ``days``.

- ``persons(member_key, person, role, is_counted)``: keys with the same union id are one person.
- ``spells(person, chat_id, joined_at, left_at, reason, is_new, is_start_known, channel)``: one row per stay of a
  counted person; half open, ``left_at`` null while it lasts; ``is_new`` unless it began before history; nobody saw it
  begin unless ``is_start_known``: then it begins with the last list that did not show it.
- ``days(date_day)``: from the first list of members to the last complete day.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import duckdb

FIRST_DAY, LAST_DAY = dt.date(2023, 12, 1), dt.date(2024, 3, 10)
HISTORY = dt.datetime(2023, 12, 1)
GRACE = dt.timedelta(hours=24)


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    """Rows of a query as dictionaries."""
    answer = connection.execute(sql)
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def people(connection) -> dict[str, tuple[str, str]]:
    """(person, role) of each key of a customer."""
    unions, keys = {}, set()
    for row in rows(connection, "select external_userid as key, unionid from wecom__customers order by all"):
        keys.add(row["key"])
        unions.setdefault(row["key"], row["unionid"])
    for row in rows(connection, "select userid as key, unionid from wecom__group_members where userid like 'wm%'"):
        keys.add(row["key"])
        unions[row["key"]] = unions.get(row["key"]) or row["unionid"]
    for row in rows(connection, "select MemChangeList as listed from wecom__group_events where listed is not null"):
        keys.update(key for key in row["listed"].split(",") if key.startswith("wm"))
    roles = {row["member_key"]: row["role"] for row in rows(connection, "select * from manual__member_roles")}
    return {key: (unions.get(key) or key, roles.get(key, "customer")) for key in sorted(keys)}


def evidence(connection, persons) -> dict[tuple[str, str], list[tuple]]:
    """(time, 0 for leaving or 1 for joining, reason) of each person and community, in order of time."""
    seen = defaultdict(set)
    dissolved, created, listed, pulls = {}, {}, defaultdict(set), defaultdict(set)
    for row in rows(connection, "select * from wecom__group_events"):
        if row["ChangeType"] == "dismiss":
            dissolved[row["ChatId"]] = row["CreateTime"]
    for row in rows(connection, "select * from wecom__group_chats"):
        created[row["chat_id"]] = row["create_time"]
        pulls[row["chat_id"]].add(dt.datetime.fromisoformat(str(row["_exported_at"])))
    for row in rows(connection, "select * from wecom__group_events where MemChangeList is not null"):
        for key in row["MemChangeList"].split(","):
            if key in persons and row["CreateTime"] < dissolved.get(row["ChatId"], dt.datetime.max):
                joins = row["UpdateDetail"] == "add_member"
                reason = None if joins else {"0": "self", "1": "removed"}[row["QuitScene"]]
                seen[persons[key][0], row["ChatId"]].add((row["CreateTime"], int(joins), reason))
    for row in rows(connection, "select * from wecom__group_members where userid like 'wm%'"):
        who, pulled = persons[row["userid"]][0], dt.datetime.fromisoformat(str(row["_exported_at"]))
        seen[who, row["chat_id"]].add((row["join_time"], 1, None))
        listed[row["chat_id"], pulled].add(who)
    for (who, chat), happened in seen.items():
        first = min(moment for moment, _, _ in happened)
        for pulled in pulls[chat]:
            if pulled > first and who not in listed[chat, pulled]:
                happened.add((pulled, 0, "unknown"))
    return {key: sorted(happened, key=lambda e: e[:2]) for key, happened in seen.items()}, dissolved, created, pulls


def stays(connection, persons) -> list[dict]:
    """One dictionary per stay, see the table ``spells``."""
    happened, dissolved, created, pulls = evidence(connection, persons)
    found = []
    for (who, chat), moments in sorted(happened.items()):
        own = []
        for moment, joins, reason in moments:
            inside = bool(own) and own[-1]["left_at"] is None
            if joins and not inside:
                if own and moment - own[-1]["left_at"] <= GRACE:
                    own[-1] |= {"left_at": None, "reason": None}
                else:
                    own.append({"person": who, "chat_id": chat, "joined_at": moment, "left_at": None, "reason": None})
                    own[-1] |= {"is_new": moment >= HISTORY, "is_start_known": moment >= HISTORY}
            elif not joins and inside:
                own[-1] |= {"left_at": moment, "reason": reason}
            elif not joins and not own and reason != "unknown":
                # nobody saw the beginning: since the last list before, the opening of the group, or history
                since = max([HISTORY, created.get(chat, HISTORY), *(p for p in pulls[chat] if p < moment)])
                own.append({"person": who, "chat_id": chat, "joined_at": since, "left_at": moment, "reason": reason})
                own[-1] |= {"is_new": since > HISTORY, "is_start_known": False}
        for stay in own:
            if stay["left_at"] is None and chat in dissolved:
                stay |= {"left_at": dissolved[chat], "reason": "dissolved"}
        found += own
    family = {row["chat_id"]: row["community_family"] for row in rows(connection, "select * from manual__communities")}
    for stay in found:
        if stay["reason"] in ("self", "removed", "unknown") and family.get(stay["chat_id"]):
            moved = any(
                other["person"] == stay["person"]
                and other["chat_id"] != stay["chat_id"]
                and family.get(other["chat_id"]) == family[stay["chat_id"]]
                and abs(other["joined_at"] - stay["left_at"]) <= dt.timedelta(hours=24)
                for other in found
            )
            stay["reason"] = "transferred" if moved else stay["reason"]
    return found


def channel_of(connection, persons, stay) -> str:
    """Channel of a stay: the code of the latest list within it, else the first code known of the customer before it."""
    codes = {row["state"]: row["channel_id"] for row in rows(connection, "select * from manual__channels")}
    keys = [key for key, (who, _) in persons.items() if who == stay["person"]]
    within = [
        (row["_exported_at"], row["state"])
        for row in rows(connection, "select * from wecom__group_members where state is not null")
        if row["userid"] in keys
        and row["chat_id"] == stay["chat_id"]
        and stay["joined_at"] <= row["join_time"] < (stay["left_at"] or dt.datetime.max)
    ]
    before = [
        (row["createtime"], row["state"])
        for row in rows(connection, "select * from wecom__customers where state is not null")
        if row["external_userid"] in keys and row["createtime"] <= stay["joined_at"]
    ]
    code = max(within)[1] if within else min(before)[1] if before else None
    return codes.get(code, "unattributed")


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Add ``persons``, ``spells`` and ``days`` to the database of golden rows."""
    persons = people(connection)
    connection.execute("create table persons (member_key varchar, person varchar, role varchar, is_counted boolean)")
    for key, (who, role) in persons.items():
        connection.execute("insert into persons values (?, ?, ?, ?)", [key, who, role, role in ("customer", "kol")])
    counted = {who for who, role in persons.values() if role in ("customer", "kol")}
    connection.execute(
        "create table spells (person varchar, chat_id varchar, joined_at timestamp, left_at timestamp, reason varchar,"
        " is_new boolean, is_start_known boolean, channel varchar)"
    )
    columns = ("person", "chat_id", "joined_at", "left_at", "reason", "is_new", "is_start_known")
    for stay in stays(connection, persons):
        if stay["person"] in counted and stay["joined_at"].date() <= LAST_DAY:
            if stay["left_at"] and stay["left_at"].date() > LAST_DAY:
                stay |= {"left_at": None, "reason": None}
            connection.execute(
                "insert into spells values (?, ?, ?, ?, ?, ?, ?, ?)",
                [*(stay[name] for name in columns), channel_of(connection, persons, stay)],
            )
    connection.execute(
        f"create table days as select cast(day as date) as date_day from generate_series(date '{FIRST_DAY}',"
        f" date '{LAST_DAY}', interval 1 day) as dates(day)"
    )
