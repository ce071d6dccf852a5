-- A view on purpose: people in one community are stored as counts, and only those in several at once are unfolded by
-- person and day, for the days that a question asks for.
{{ config(materialized='view') }}

with cells as (
    select * from {{ ref('int_member_cells_counted') }}
),

stays as (
    select * from {{ ref('int_member_stays_ranged') }}
    where open_communities > 1
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
),

final as (
    select
        {{ composite_key(['community_id', 'channel_id', 'role', 'date_day']) }} as member_day_id,
        community_id,
        channel_id,
        role,
        members as lone_members,
        cast(null as {{ dbt.type_string() }}) as shared_person_id,
        date_day
    from cells
    union all
    select
        {{ composite_key(['stays.membership_id', 'community_days.date_day']) }} as member_day_id,
        stays.community_id,
        stays.channel_id,
        stays.role,
        0 as lone_members,
        stays.person_id as shared_person_id,
        community_days.date_day
    from stays
    inner join community_days
        on stays.community_id = community_days.community_id
        and stays.from_date <= community_days.date_day
        and (stays.to_date is null or stays.to_date > community_days.date_day)
)

select * from final
