{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_items() }}",
    post_hook="{{ close_items() }}",
    meta={'ledger_items': ['person_id'], 'follows': {'int_membership_stays_paired': 'self'}},
) }}

-- Stays to spells: somebody who comes back within the grace never left.
with stays as (
    select * from {{ ref('int_membership_stays_paired') }}
    {%- if is_incremental() %}
    where {{ is_touched_item() }}
    {%- endif %}
),

order_stays as (
    select
        *,
        lag(left_at) over (
            partition by community_id, person_id
            order by joined_at asc, left_at asc nulls last
        ) as previous_left_at
    from stays
),

mark_returns as (
    select
        *,
        case
            when joined_at <= previous_left_at + interval '{{ var("rejoin_grace_hours") }} hours' then 0
            else 1
        end as starts_spell
    from order_stays
),

number_spells as (
    select
        *,
        sum(starts_spell) over (
            partition by community_id, person_id
            order by joined_at asc, left_at asc nulls last
            rows unbounded preceding
        ) as spell_number
    from mark_returns
),

rank_stays as (
    select
        *,
        row_number() over (
            partition by community_id, person_id, spell_number
            order by joined_at desc, left_at desc nulls last
        ) as stay_from_last
    from number_spells
),

final as (
    select
        community_id,
        person_id,
        cast(spell_number as integer) as spell_number,
        min(joined_at) as joined_at,
        max(case when stay_from_last = 1 then left_at end) as left_at,
        max(case when stay_from_last = 1 then leave_reason end) as leave_reason,
        bool_or(is_join_unknown and starts_spell = 1) as is_join_unknown
    from rank_stays
    group by community_id, person_id, spell_number
)

select * from final
