"""What people answer and publish: tables ``sheets``, ``surveys`` and ``posts``.

- ``sheets(survey, name, chat_id, answered_on, satisfaction, recommendation)``: of each person and survey the last
  sheet, of each sheet without a person every one; staff, shills and testers left out. A score outside its scale is
  none.
- ``surveys(survey, name, chat_id, sent_on, sent, returned)``: what was sent, and how many of ``sheets`` came back.
- ``posts``: the content items whose author is a counted person.
"""

from __future__ import annotations

import datetime as dt

from golden.oracles.people import LAST_DAY, people, rows


def score(text: str | None, lowest: int, highest: int) -> int | None:
    """A number of the scale, or none."""
    return int(text) if text and text.isdigit() and lowest <= int(text) <= highest else None


def prepare(connection) -> None:
    """Add the tables of this module to the database of golden rows."""
    persons = people(connection)
    asked = {row["问卷编号"]: row for row in rows(connection, "select * from manual__surveys")}
    sheets = {}
    for row in rows(connection, "select * from wenjuanxing__answers"):
        key, at = row["客户"], dt.datetime.fromisoformat(row["提交答卷时间"].replace("/", "-"))
        who, role = persons.get(key, (key, "staff")) if key else (f"sheet {row['序号']}", "customer")
        if role in ("customer", "kol") and at.date() <= LAST_DAY:
            sheet = sheets.setdefault((row["问卷编号"], int(row["序号"])), {"who": who, "at": at, "answers": {}})
            sheet["answers"][row["题号"]] = row["答案"]
    last = {}
    for (survey, number), sheet in sorted(sheets.items(), key=lambda item: (item[1]["at"], item[0][1])):
        last[survey, sheet["who"]] = (survey, number, sheet)
    connection.execute(
        "create table sheets (survey varchar, name varchar, chat_id varchar, answered_on date, satisfaction integer,"
        " recommendation integer, person varchar)"
    )
    for survey, _, sheet in last.values():
        row, answers = asked[survey], sheet["answers"]
        place = row["社群"] if row["社群"] != "——" else "unattributed"
        scores = score(answers.get(row["满意度题号"]), 1, 5), score(answers.get(row["推荐题号"]), 0, 10)
        values = [survey, row["问卷名称"], place, sheet["at"].date(), *scores, sheet["who"]]
        connection.execute("insert into sheets values (?, ?, ?, ?, ?, ?, ?)", values)
    connection.execute(
        "create table posts as select scrm__content_items.*, person from scrm__content_items"
        " join persons on author = member_key and is_counted where cast(published_at as date) <= ?",
        [LAST_DAY],
    )
    connection.execute(
        "create table surveys as select 问卷编号 as survey, 问卷名称 as name,"
        " replace(社群, '——', 'unattributed') as chat_id,"
        " cast(strptime(发放日期, '%Y/%m/%d') as date) as sent_on, cast(发放份数 as integer) as sent,"
        " (select count(*) from sheets where sheets.survey = 问卷编号) as returned from manual__surveys"
    )
