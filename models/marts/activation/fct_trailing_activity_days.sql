-- The person-days again, without the person as an entity: a figure as of a day takes the last day on which its group
-- has a row, and only communities have one on every day. By an attribute of persons it would be wrong: it is refused.
{{ config(materialized='view') }}

with active_days as (
    select * from {{ ref('fct_activity_days') }}
),

final as (
    select
        activity_day_id,
        community_id,
        person_id,
        {{ composite_key(['person_id', 'date_day']) }} as person_day_id,
        date_day
    from active_days
)

select * from final
