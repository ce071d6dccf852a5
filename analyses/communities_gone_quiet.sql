-- 哪些社群正在变冷？
-- Which communities go quiet?
--
-- Grain: one row per community that still exists: the last 14 complete days beside the 14 days before them.
-- How to read it: speakers are member-days with an effective message (有效发言), membership_days the member-days that
-- could have spoken. A community goes quiet when speakers fall while membership_days do not: the members are there and
-- silent. When both fall, people leave: see leave_moments. staff_messages tells whether our own posting stopped first.
-- last_speaking_date is the last day on which any member said something; null means never in the loaded history.
-- A community younger than 28 days has fewer days before than now: look at membership_days first.
-- The rate: mf query --metrics interaction_rate --group-by community__community_name --start-time … --end-time …
with interaction_days as (
    select * from {{ ref('fct_interaction_days') }}
),

message_hours as (
    select * from {{ ref('fct_message_hours') }}
),

communities as (
    select * from {{ ref('dim_communities') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

find_last_day as (
    select max(date_day) as last_date
    from dates
),

list_days as (
    select
        dates.date_day,
        dates.date_day > find_last_day.last_date - 14 as is_recent
    from dates
    inner join find_last_day on dates.date_day > find_last_day.last_date - 28
),

count_speakers as (
    select
        interaction_days.community_id,
        sum(case when list_days.is_recent then interaction_days.speakers else 0 end) as speakers,
        sum(case when list_days.is_recent then 0 else interaction_days.speakers end) as speakers_before,
        sum(case when list_days.is_recent then interaction_days.closing_memberships else 0 end) as membership_days,
        sum(
            case when list_days.is_recent then 0 else interaction_days.closing_memberships end
        ) as membership_days_before
    from interaction_days
    inner join list_days on interaction_days.date_day = list_days.date_day
    group by interaction_days.community_id
),

count_staff_messages as (
    select
        message_hours.community_id,
        sum(case when list_days.is_recent then message_hours.messages else 0 end) as staff_messages,
        sum(case when list_days.is_recent then 0 else message_hours.messages end) as staff_messages_before
    from message_hours
    inner join list_days on message_hours.date_day = list_days.date_day
    where message_hours.sender_role in ('staff', 'bot')
    group by message_hours.community_id
),

find_last_speaking as (
    select
        community_id,
        max(date_day) as last_speaking_date
    from interaction_days
    where speakers > 0
    group by community_id
),

final as (
    select
        communities.community_name,
        communities.community_type_label,
        communities.current_lifecycle_stage_label,
        count_speakers.speakers,
        count_speakers.speakers_before,
        count_speakers.membership_days,
        count_speakers.membership_days_before,
        find_last_speaking.last_speaking_date,
        coalesce(count_staff_messages.staff_messages, 0) as staff_messages,
        coalesce(count_staff_messages.staff_messages_before, 0) as staff_messages_before
    from communities
    inner join count_speakers on communities.community_id = count_speakers.community_id
    left join count_staff_messages on communities.community_id = count_staff_messages.community_id
    left join find_last_speaking on communities.community_id = find_last_speaking.community_id
    where communities.dissolved_date is null
)

select * from final
order by speakers - speakers_before asc, community_name asc
