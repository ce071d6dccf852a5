-- Stock by counting open spells, flow by counting their ends: the two are tested against one another.
with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
),

list_channels as (
    select
        community_id,
        channel_id
    from memberships
    union
    select
        community_id,
        'unattributed' as channel_id
    from community_days
),

span_channel_days as (
    select
        community_days.community_id,
        list_channels.channel_id,
        community_days.date_day
    from community_days
    inner join list_channels on community_days.community_id = list_channels.community_id
),

unfold_memberships as (
    select
        span_channel_days.community_id,
        span_channel_days.channel_id,
        span_channel_days.date_day,
        memberships.joined_date,
        case
            when memberships.left_date is null or memberships.left_date > span_channel_days.date_day
                then memberships.membership_id
        end as open_membership_id,
        case when memberships.left_date = span_channel_days.date_day then memberships.leave_reason end as leave_reason
    from span_channel_days
    left join memberships
        on span_channel_days.community_id = memberships.community_id
        and span_channel_days.channel_id = memberships.channel_id
        and span_channel_days.date_day >= memberships.joined_date
        and (memberships.left_date is null or span_channel_days.date_day <= memberships.left_date)
),

final as (
    select
        community_id,
        channel_id,
        date_day,
        count(case when joined_date < date_day then 1 end) as opening_memberships,
        count(case when joined_date = date_day then 1 end) as new_memberships,
        count(case when leave_reason in ('self', 'removed', 'unknown') then 1 end) as leaves,
        count(case when leave_reason = 'self' then 1 end) as voluntary_leaves,
        count(case when leave_reason = 'removed' then 1 end) as removed_memberships,
        count(case when leave_reason = 'dissolved' then 1 end) as dissolved_memberships,
        count(case when leave_reason = 'transferred' then 1 end) as transferred_memberships,
        count(open_membership_id) as closing_memberships
    from unfold_memberships
    group by community_id, channel_id, date_day
)

select * from final
