-- A view on purpose: spells are stored once and unfolded only for the days that a question asks for.
{{ config(materialized='view') }}

with community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

final as (
    select
        community_days.community_id,
        memberships.membership_id,
        memberships.person_id,
        community_days.date_day,
        coalesce(memberships.channel_id, 'unattributed') as channel_id,
        coalesce(memberships.left_date is null or memberships.left_date > community_days.date_day, false)
        and memberships.membership_id is not null as is_open_at_end
    from community_days
    left join memberships
        on community_days.community_id = memberships.community_id
        and community_days.date_day >= memberships.joined_date
        and (memberships.left_date is null or community_days.date_day <= memberships.left_date)
)

select * from final
