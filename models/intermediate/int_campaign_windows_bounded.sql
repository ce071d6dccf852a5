-- A campaign lasts from its start or its first phase to its end or its last phase; what happens in it counts on the day
-- of its start.
with campaigns as (
    select * from {{ ref('stg_manual__campaigns') }}
),

phases as (
    select * from {{ ref('stg_manual__campaign_phases') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

measure_phases as (
    select
        campaign_id,
        min(starts_at) as first_starts_at,
        max(ends_at) as last_ends_at
    from phases
    group by campaign_id
),

bound_windows as (
    select
        campaigns.*,
        least(campaigns.starts_at, measure_phases.first_starts_at) as window_starts_at,
        greatest(campaigns.ends_at, measure_phases.last_ends_at) as window_ends_at
    from campaigns
    left join measure_phases on campaigns.campaign_id = measure_phases.campaign_id
),

final as (
    select
        bound_windows.campaign_id,
        bound_windows.campaign_name,
        bound_windows.starts_at,
        bound_windows.ends_at,
        bound_windows.window_starts_at,
        bound_windows.window_ends_at,
        cast(bound_windows.starts_at as date) as start_date,
        cast(bound_windows.window_starts_at as date) as first_date,
        coalesce(bound_windows.campaign_type_zh, 'unclassified') as campaign_type,
        coalesce(bound_windows.chat_id, 'unattributed') as community_id,
        least(cast(bound_windows.window_ends_at as date), calendar.as_of_date) as last_date,
        coalesce(cast(bound_windows.starts_at as date) <= calendar.as_of_date, false) as is_started,
        bound_windows.chat_id is not null as is_of_a_community
    from bound_windows
    cross join calendar
)

select * from final
