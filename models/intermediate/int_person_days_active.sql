{{ config(materialized='view') }}

with activities as (
    select * from {{ ref('int_activities_gathered') }}
),

final as (
    select
        community_id,
        person_id,
        date_day,
        activities
    from activities
    where activities > 0
)

select * from final
