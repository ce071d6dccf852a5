{{ config(post_hook="{{ note_table_changes() }}", meta={'ledger_items': ['person_id']}) }}

-- First seen is the earlier of the first join, also before the history and also if he has left since, and the first
-- valid order.
with memberships as (
    select * from {{ ref('int_memberships_described') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days_summed') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
    where is_counted
),

gather_dates as (
    select
        person_id,
        joined_date as seen_date
    from memberships
    union all
    select
        person_id,
        paid_date as seen_date
    from purchase_days
),

find_first_dates as (
    select
        person_id,
        min(seen_date) as first_seen_date
    from gather_dates
    group by person_id
),

final as (
    select
        find_first_dates.person_id,
        find_first_dates.first_seen_date
    from find_first_dates
    inner join persons on find_first_dates.person_id = persons.person_id
)

select * from final
