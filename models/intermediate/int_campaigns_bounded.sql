-- A campaign lasts from its start or its first phase to its end or its last phase; what happens in it counts on the day
-- of its start. What an export would have to tell that is not loaded, or ends before the campaign, is unknown, not
-- zero.
with campaigns as (
    select * from {{ ref('stg_manual__campaigns') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where is_loaded
),

measure_phases as (
    select
        campaign_id,
        min(starts_at) as first_starts_at,
        max(ends_at) as last_ends_at
    from {{ ref('stg_manual__campaign_phases') }}
    group by campaign_id
),

measure_exports as (
    select
        min(case when export_name = 'scrm__campaign_reach' then last_day end) as reach_last_day,
        min(
            case when export_name in ('wecom__group_members', 'wecom__group_events') then first_day end
        ) as members_first_day,
        max(
            case when export_name in ('wecom__group_members', 'wecom__group_events') then last_day end
        ) as members_last_day,
        min(case when export_name = 'wecom__messages' then first_day end) as messages_first_day,
        min(case when export_name = 'wecom__messages' then last_day end) as messages_last_day
    from exports
),

attribution as (
    select * from {{ ref('int_attribution_evidenced') }}
),

list_sales_days as (
    select distinct date_day
    from {{ ref('int_sales_days_spanned') }}
),

bound_windows as (
    select
        campaigns.campaign_id,
        campaigns.campaign_name,
        campaigns.starts_at,
        campaigns.ends_at,
        coalesce(campaigns.campaign_type_zh, 'unclassified') as campaign_type,
        coalesce(campaigns.chat_id, 'unattributed') as community_id,
        campaigns.chat_id is not null as is_of_a_community,
        least(campaigns.starts_at, measure_phases.first_starts_at) as window_starts_at,
        greatest(campaigns.ends_at, measure_phases.last_ends_at) as window_ends_at
    from campaigns
    left join measure_phases on campaigns.campaign_id = measure_phases.campaign_id
),

date_windows as (
    select
        bound_windows.*,
        calendar.as_of_date,
        cast(bound_windows.window_starts_at as date) as first_date,
        least(cast(bound_windows.window_ends_at as date), calendar.as_of_date) as last_date
    from bound_windows
    cross join calendar
),

judge_windows as (
    select
        date_windows.*,
        coalesce(measure_exports.reach_last_day >= date_windows.last_date, false) as is_reach_listed,
        coalesce(
            measure_exports.members_first_day <= date_windows.first_date
            and measure_exports.members_last_day >= date_windows.last_date,
            false
        ) as is_membership_known,
        coalesce(
            measure_exports.messages_first_day <= date_windows.first_date
            and measure_exports.messages_last_day >= date_windows.last_date,
            false
        ) as is_talk_known,
        first_days.date_day is not null and last_days.date_day is not null as is_order_known
    from date_windows
    cross join measure_exports
    left join list_sales_days as first_days on date_windows.first_date = first_days.date_day
    left join list_sales_days as last_days on date_windows.last_date = last_days.date_day
),

-- orders come to a campaign through its community, or without one through the people in the reach list
final as (
    select
        judge_windows.campaign_id,
        judge_windows.campaign_name,
        judge_windows.campaign_type,
        judge_windows.community_id,
        judge_windows.starts_at,
        judge_windows.ends_at,
        judge_windows.window_starts_at,
        judge_windows.window_ends_at,
        cast(judge_windows.starts_at as date) as start_date,
        coalesce(cast(judge_windows.starts_at as date) <= judge_windows.as_of_date, false) as is_started,
        judge_windows.is_reach_listed
        or (judge_windows.is_of_a_community and judge_windows.is_membership_known) as is_reach_known,
        judge_windows.is_order_known
        and case
            when judge_windows.is_of_a_community then attribution.is_known else judge_windows.is_reach_listed
        end as is_sales_known,
        judge_windows.is_of_a_community and judge_windows.is_talk_known as is_messages_known
    from judge_windows
    cross join attribution
)

select * from final
