-- A view: what is stored once as person-days is not stored again with a key.
{{ config(materialized='view') }}

with active_days as (
    select * from {{ ref('int_person_days_active') }}
),

activity_days as (
    select * from {{ ref('int_activity_days_spanned') }}
),

list_communities as (
    select community_id from {{ ref('int_communities_described') }}
    union all
    select 'unattributed' as community_id
),

final as (
    select
        {{ composite_key(['person_id', 'community_id', 'date_day']) }} as activity_day_id,
        community_id,
        person_id,
        cast(activities as integer) as activities,
        date_day
    from active_days
    union all
    -- also before a community is created and after its end: nobody can be active there, which is 0
    select
        {{ composite_key(
            ["'empty'", 'list_communities.community_id', 'activity_days.date_day']
        ) }} as activity_day_id,
        list_communities.community_id,
        null as person_id,
        0 as activities,
        activity_days.date_day
    from list_communities
    cross join activity_days
)

select * from final
