"""Makes the daily tables of bench/handwritten beside a built warehouse, and compares them with its marts.

usage: python bench/by_hand.py WAREHOUSE LANDING FILE.duckdb [--day] [--memory 1500MB]

Prints one line of JSON: CPU seconds of each file of SQL, peak memory in MB, and the rows by which each table differs
from the marts; comparing is not counted. ``--day`` counts the messages of LANDING/wecom__messages/day*.parquet to those
that FILE.duckdb holds, and makes the tables of memberships and orders, which are far shorter, again.
"""

from __future__ import annotations

import argparse
import json
import resource
from pathlib import Path

import duckdb

HANDWRITTEN = Path(__file__).resolve().parent / "handwritten"
EXPORTS = {
    "group_events": "wecom__group_events",
    "group_members": "wecom__group_members",
    "customers": "wecom__customers",
    "messages": "wecom__messages",
    "link_clicks": "scrm__link_clicks",
    "youzan__orders": "youzan__orders",
    "wechat_store__orders": "wechat_store__orders",
    "wechat_store__order_lines": "wechat_store__order_lines",
}


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def months(db: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """First and last day of each month of the days that messages.sql found to be counted."""
    return db.execute(
        """
        select cast(min(day) as varchar), cast(max(day) as varchar)
        from (
            select cast(day as date) as day
            from (select unnest(range(getvariable('first_day'), getvariable('last_day') + 1, interval 1 day)) as day)
        )
        group by date_trunc('month', day)
        order by 1
        """
    ).fetchall()


def make(db: duckdb.DuckDBPyConnection, landing: Path, only_day: bool) -> dict[str, float]:
    """Run the files of SQL; returns CPU seconds by file."""
    for variable, name in EXPORTS.items():
        files = sorted(str(file) for file in (landing / name).glob("*.parquet"))
        if variable == "messages" and only_day:
            files = [file for file in files if Path(file).stem.startswith("day")]
        db.execute(f"set variable {variable} = {files}")
    spent = {}
    for name in ("memberships", *(["messages_again"] if only_day else []), "messages", "messages_counted", "orders"):
        before, sql = cpu(), (HANDWRITTEN / f"{name}.sql").read_text(encoding="utf-8")
        for first, last in months(db) if name == "messages_counted" else [(None, None)]:
            if first:
                db.execute(f"set variable first_day = date '{first}'; set variable last_day = date '{last}'")
            db.execute(sql)
        spent[name] = round(cpu() - before, 2)
    return spent


def main() -> None:
    """Make, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("warehouse", "landing", "file"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--day", action="store_true")
    parser.add_argument("--memory", default="1500MB", help="as in profiles.example.yml")
    asked = parser.parse_args()
    if not asked.day:
        asked.file.unlink(missing_ok=True)
    with duckdb.connect(str(asked.file), config={"threads": 2, "memory_limit": asked.memory}) as db:
        db.execute("set TimeZone = 'Asia/Shanghai'")
        db.execute(f"attach '{asked.warehouse}' as built (read_only)")
        spent = make(db, asked.landing, asked.day)
        db.execute("checkpoint")
        total, peak = cpu(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        differing = dict(db.execute((HANDWRITTEN / "check.sql").read_text(encoding="utf-8")).fetchall())
    print(json.dumps({"cpu": round(total, 2), "peak": round(peak), "files": spent, "differing": differing}))


if __name__ == "__main__":
    main()
