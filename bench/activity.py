"""What the monthly active members of a year cost: `python bench/activity.py 1000000 10000000`.

For each number of messages, a year of person-days of 100 communities is made up (five messages a person and
day) beside the messages themselves. The monthly active members as of each month's end are asked once from
the model's own compiled view over person-days, and once straight from the messages. Both answers must be
equal; CPU seconds and peak memory are printed with their ratio to the messages. Read the ratios.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
VIEW = ROOT / "target/compiled/community_metrics/models/marts/activation/fct_trailing_activity_days.sql"
TABLES = """
create schema intermediate; create schema marts;
create table messages as
select
    'p' || (hash(i // 5) % {people}) as person_id, 'c' || (hash(i // 5, 1) % 100) as community_id,
    date '2025-01-01' + (hash(i // 5, 2) % 365)::integer as date_day
from range({messages}) as numbers(i);
create table intermediate.int_dates_spanned as
select date '2025-01-01' + d::integer as date_day from range(365) as days(d);
create table intermediate.int_activity_days_spanned as select * from intermediate.int_dates_spanned;
create table intermediate.int_calendar_bounded as
select date '2025-01-01' as history_start_date, date '2025-12-31' as as_of_date;
create table marts.fct_activity_days as
select distinct
    person_id || '|' || community_id || '|' || date_day as activity_day_id, community_id, person_id, date_day
from messages;
"""
ASK = {
    "person-days": """
with by_month as (select *, date_trunc('month', date_day) as month from marts.fct_trailing_activity_days),
last_days as (select month, max(date_day) as date_day from by_month group by month)
select month, count(distinct person_id)
from by_month join last_days using (month, date_day) group by month order by month
""",
    "messages": """
with last_days as (
    select max(date_day) as as_of from intermediate.int_dates_spanned group by date_trunc('month', date_day)
)
select date_trunc('month', as_of) as month, count(distinct person_id)
from last_days join messages on date_day <= as_of and date_day > as_of - interval 30 day group by month order by month
""",
}


def measure(way: str, messages: int, scratch: Path) -> dict[str, object]:
    """Answer, CPU seconds and peak MB of one way at one size, in this process."""
    connection = duckdb.connect(str(scratch / "community_metrics.duckdb"))
    connection.execute("set threads = 2; set memory_limit = '2GB'; set preserve_insertion_order = false")
    for statement in TABLES.format(messages=messages, people=max(1000, messages // 100)).split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"create view marts.fct_trailing_activity_days as {VIEW.read_text(encoding='utf-8')}")
    start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    answer = [(str(month), int(people)) for month, people in connection.execute(ASK[way]).fetchall()]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"answer": answer, "cpu": usage.ru_utime - start, "peak": usage.ru_maxrss / 1024}


def main() -> None:
    """Print both ways side by side for each size."""
    if sys.argv[1] in ASK:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
        return
    print(f"{'messages':>10} {'way':>12} {'CPU s':>7} {'ratio':>6} {'peak MB':>8}")
    for messages in map(int, sys.argv[1:]):
        found = {}
        for way in ASK:
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, __file__, way, str(messages), folder]
                found[way] = json.loads(subprocess.run(command, check=True, capture_output=True, env=os.environ).stdout)
        if found["person-days"]["answer"] != found["messages"]["answer"]:
            sys.exit("the two ways differ")
        base = found["messages"]["cpu"]
        for way, cost in found.items():
            print(f"{messages:>10} {way:>12} {cost['cpu']:7.1f} {cost['cpu'] / base:6.1f} {cost['peak']:8.0f}")


if __name__ == "__main__":
    main()
