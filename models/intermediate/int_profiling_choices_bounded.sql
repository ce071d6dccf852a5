{{ config(
    post_hook="{{ note_table_changes() }}",
    meta={'ledger_items': ['person_id', 'valid_from'], 'ledger_kinds': {'persons': 'person_id'}},
) }}

-- Whether a person lets himself be profiled, collapsed to periods of days [valid_from, valid_to).
with choices as (
    select * from {{ ref('stg_manual__profiling_choices') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

-- a person with several keys has opted out on a day if any of them has
name_persons as (
    select
        choices.effective_date,
        coalesce(identities.person_id, choices.customer_key) as person_id,
        bool_or(choices.has_opted_out) as has_opted_out
    from choices
    left join identities on choices.customer_key = identities.identity_key
    group by coalesce(identities.person_id, choices.customer_key), choices.effective_date
),

mark_turns as (
    select
        *,
        lag(has_opted_out) over (partition by person_id order by effective_date) as opted_out_before
    from name_persons
),

final as (
    select
        person_id,
        has_opted_out,
        effective_date as valid_from,
        lead(effective_date) over (partition by person_id order by effective_date) as valid_to
    from mark_turns
    where opted_out_before is null or opted_out_before != has_opted_out
)

select * from final
