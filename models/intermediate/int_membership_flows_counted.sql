-- Stock by counting open spells, flow by counting their ends: the two are tested against one another.
with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
),

list_channels as (
    select community_id, channel_id from memberships
    union
    select community_id, 'unattributed' from community_days
),

span_channel_days as (
    select
        community_days.community_id,
        list_channels.channel_id,
        community_days.date_day
    from community_days
    inner join list_channels on community_days.community_id = list_channels.community_id
),

final as (
    select
        span_channel_days.community_id,
        span_channel_days.channel_id,
        span_channel_days.date_day,
        count(case when memberships.joined_date < span_channel_days.date_day then 1 end) as opening_memberships,
        count(case when memberships.joined_date = span_channel_days.date_day then 1 end) as new_memberships,
        count(case when memberships.left_date = span_channel_days.date_day and memberships.leave_reason in ('self', 'removed', 'unknown') then 1 end) as leaves,
        count(case when memberships.left_date = span_channel_days.date_day and memberships.leave_reason = 'self' then 1 end) as voluntary_leaves,
        count(case when memberships.left_date = span_channel_days.date_day and memberships.leave_reason = 'removed' then 1 end) as removed_memberships,
        count(case when memberships.left_date = span_channel_days.date_day and memberships.leave_reason = 'dissolved' then 1 end) as dissolved_memberships,
        count(case when memberships.left_date = span_channel_days.date_day and memberships.leave_reason = 'transferred' then 1 end) as transferred_memberships,
        count(case when memberships.left_date is null or memberships.left_date > span_channel_days.date_day then memberships.membership_id end) as closing_memberships
    from span_channel_days
    left join memberships
        on span_channel_days.community_id = memberships.community_id
        and span_channel_days.channel_id = memberships.channel_id
        and memberships.joined_date <= span_channel_days.date_day
        and (memberships.left_date is null or memberships.left_date >= span_channel_days.date_day)
    group by span_channel_days.community_id, span_channel_days.channel_id, span_channel_days.date_day
)

select * from final
