"""What a stock of distinct persons costs: `python bench/stock.py 100000 1000000`.

For each number of people, two years of stays in communities (one in five people in two or more at once)
are made up and read by the models' own compiled SQL. The members at each month end are asked once from
the counts and keys of ``fct_member_days`` and once from ``fct_membership_days``, which unfolds every
stay by day. Both answers must be equal; CPU seconds of the build and of the question and peak memory are
printed with their ratio to the unfolded way. Each measurement is a process of its own. Read the ratios,
not the seconds.
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
COMPILED = ROOT / "target" / "compiled" / "community_metrics" / "models"
DAYS = 730
MODELS = {
    "counts": (
        *("int_member_stays_ranged", "int_member_cell_changes_summed"),
        *("int_member_cells_counted", "fct_member_days"),
    ),
    "unfolded": ("fct_membership_days",),
}
STOCK = {
    "counts": "sum(lone_members) + count(distinct shared_person_id)",
    "unfolded": "count(distinct case when is_open_at_end then person_id end)",
}
STAYS = """
create table intermediate.int_memberships_described as
select
    'm' || i as membership_id, 'c' || (hash(i) % {communities}) as community_id,
    'p' || (hash(i, 1) % {people}) as person_id, 'ch' || (hash(i, 2) % 8) as channel_id,
    'customer' as role, null::varchar as leave_reason, true as is_counted,
    date '2024-01-01' + (hash(i, 3) % {days})::integer as joined_date,
    nullif(least(date '2024-01-01' + (hash(i, 3) % {days})::integer + (hash(i, 4) % 600)::integer,
        date '2025-12-31'), date '2025-12-31') as left_date
from range({stays}) as numbers(i);
create table intermediate.int_community_days_spanned as
select 'c' || c as community_id, date '2024-01-01' + d::integer as date_day
from range({communities}) as communities(c), range({days}) as days(d);
"""
MONTH_ENDS = """
with rows_by_month as (select *, date_trunc('month', date_day) as month from marts.{table}),
last_days as (select community_id, month, max(date_day) as date_day from rows_by_month group by all)
select month, {stock} from rows_by_month join last_days using (community_id, month, date_day)
group by month order by month
"""


def measure(way: str, people: int, scratch: Path) -> dict[str, object]:
    """Answer, CPU seconds of build and of question, and peak MB of one way at one size, in this process."""
    connection = duckdb.connect(str(scratch / way / "community_metrics.duckdb"))
    connection.execute("set threads = 2; set preserve_insertion_order = false")
    connection.execute("create schema intermediate; create schema marts")
    sizes = {"people": people, "stays": people * 13 // 10, "communities": max(20, people // 200), "days": DAYS}
    connection.execute(STAYS.format(**sizes))
    start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    for model in MODELS[way]:
        folder = "marts" if model.startswith("fct_") else "intermediate"
        kind = "view" if folder == "marts" else "table"
        sql = next(COMPILED.rglob(f"{model}.sql")).read_text(encoding="utf-8")
        connection.execute(f"create {kind} {folder}.{model} as {sql}")
    built = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    question = MONTH_ENDS.format(table=MODELS[way][-1], stock=STOCK[way])
    answer = [(str(month), int(stock)) for month, stock in connection.execute(question).fetchall()]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "answer": answer,
        "build": built - start,
        "question": usage.ru_utime - built,
        "peak": usage.ru_maxrss / 1024,
    }


def main() -> None:
    """Print both ways side by side for each size."""
    if sys.argv[1] in MODELS:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
        return
    print(f"{'people':>10} {'way':>10} {'build s':>8} {'question s':>11} {'ratio':>6} {'peak MB':>8} {'ratio':>6}")
    for people in map(int, sys.argv[1:]):
        found = {}
        for way in MODELS:
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / way).mkdir()
                command = [sys.executable, __file__, way, str(people), folder]
                found[way] = json.loads(subprocess.run(command, check=True, capture_output=True, env=os.environ).stdout)
        if found["counts"]["answer"] != found["unfolded"]["answer"]:
            sys.exit("the two ways differ")
        base = found["unfolded"]
        for way, cost in found.items():
            print(
                f"{people:>10} {way:>10} {cost['build']:8.1f} {cost['question']:11.1f} "
                f"{cost['question'] / base['question']:6.2f} {cost['peak']:8.0f} {cost['peak'] / base['peak']:6.2f}"
            )


if __name__ == "__main__":
    main()
