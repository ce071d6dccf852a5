"""SQL lint reads models with short stand-ins for their macros and still finds what is wrong around them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlfluff.core import FluffConfig, Linter

ROOT = Path(__file__).parents[2]
SOUND = """\
{%- set checks = [('id', "id is null", 'the row has no key'), ('day', "day_read is null", 'no day')] -%}

with source as (
    select *
    from {{ export('wecom__polls', ['id', 'day']) }} as raw_rows
),

interpret_cells as (
    select
        source.*,
        {{ clean_text(raw('id')) }} as id,
        {{ text_to_local(raw('day'), '%Y-%m-%d') }} as day_read,
        {{ lineage_columns() }}
    from source
),

find_problems as (
    select
        *,
        {{ first_problem(checks) }} as problem_number
    from interpret_cells
),

final as (
    select
        find_problems.id,
        {{ dbt.dateadd('day', 1, 'find_problems.day_read') }} as next_day,
        cast(known.amount as {{ dbt.type_string() }}) as amount,
        {{ problem_columns(checks) }}
    from find_problems
    inner join {{ ref('dim_dates') }} as known on find_problems.id = known.id
    where known.age > {{ var('rejoin_grace_hours') }}
)

select * from final
"""
# what is changed, into what, and the rule that has to find it
FAULTS = [
    ("with source as", "WITH source as", "CP01"),
    (" as raw_rows", " raw_rows", "AL01"),
    ("(raw('id')) }} as id", "(raw('id')) }}  as id", "LT01"),
    ("(raw('id')) }} as id", "(raw('id')) }} as Id", "CP02"),
    ("        source.*,", "       source.*,", "LT02"),
    ("find_problems.day_read') }} as next_day", "find_problems.day_read') }} as next" + "_day" * 30, "LT05"),
    ("\n    where known", " where known", "LT14"),
    ("inner join", "join", "AM05"),
    ("    select *\n    from {{", "    select 1, 2\n    from {{", "LT09"),
    ("find_problems.id,", '"find_problems".id,', "RF06"),
    ("        find_problems.id,", "        id,", "RF02"),
    ("known.age >", "known.age is not null and known.id = null and 1 <", "CV05"),
    ("cast(known.amount", "CAST(known.amount", "CP03"),
    ("cast(known.amount as {{ dbt.type_string() }})", "case when known.id = '1' then 1 else null end", "ST01"),
    ("final as (", "unused as (\n    select id\n    from source\n),\n\nfinal as (", "ST03"),
    ("select * from final\n", "select * from final", "LT12"),
    ("{{ clean_text(", "{{ no_such_macro(", "TMP"),
]


@pytest.fixture(scope="module")
def rules_broken():
    """The rules that a text breaks under the project's own settings."""
    linter = Linter(config=FluffConfig.from_path(str(ROOT)))
    return lambda sql: {found.rule_code() for found in linter.lint_string(sql, fname="model.sql").violations}


def test_sound_model_is_left_alone(rules_broken):
    assert rules_broken(SOUND) == set()


@pytest.mark.parametrize(("sound", "faulty", "rule"), FAULTS, ids=lambda part: part.strip()[:24])
def test_planted_fault_is_found(rules_broken, sound, faulty, rule):
    assert sound in SOUND
    assert rule in rules_broken(SOUND.replace(sound, faulty, 1))


def test_no_rule_is_switched_off():
    config = FluffConfig.from_path(str(ROOT))
    assert not config.get("exclude_rules")
    assert config.get("rules") in (None, "None", "all")
    assert not config.get("ignore")
