with activities as (
    select * from {{ ref('int_activities_gathered') }}
    where is_of_member
),

final as (
    select
        community_id,
        person_id,
        date_day,
        count(*) as activities
    from activities
    group by community_id, person_id, date_day
)

select * from final
