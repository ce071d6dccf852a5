-- What an export would have to tell of a campaign that is not loaded, or ends before it, is unknown, not zero.
with windows as (
    select * from {{ ref('int_campaign_windows_bounded') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where is_loaded
),

attribution as (
    select * from {{ ref('int_attribution_evidenced') }}
),

list_sales_days as (
    select distinct date_day
    from {{ ref('int_sales_days_spanned') }}
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

judge_windows as (
    select
        windows.*,
        coalesce(measure_exports.reach_last_day >= windows.last_date, false) as is_reach_listed,
        coalesce(
            measure_exports.members_first_day <= windows.first_date
            and measure_exports.members_last_day >= windows.last_date,
            false
        ) as is_membership_known,
        coalesce(
            measure_exports.messages_first_day <= windows.first_date
            and measure_exports.messages_last_day >= windows.last_date,
            false
        ) as is_talk_known,
        first_days.date_day is not null and last_days.date_day is not null as is_order_known
    from windows
    cross join measure_exports
    left join list_sales_days as first_days on windows.first_date = first_days.date_day
    left join list_sales_days as last_days on windows.last_date = last_days.date_day
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
        judge_windows.start_date,
        judge_windows.is_started,
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
