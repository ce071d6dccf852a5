-- Exposure of a channel and the joins credited to it, only on days that the channel's own export covers.
with channel_codes as (
    select * from {{ ref('stg_manual__channels') }}
    where source_system in ('tencent_ads', 'oceanengine')
),

exports as (
    select * from {{ ref('int_exports_covered') }}
),

dates as (
    select * from {{ ref('int_dates_spanned') }}
),

gather_exposures as (
    select
        'tencent_ads' as source_system,
        adgroup_id as source_id,
        stat_date,
        impressions,
        exposed_persons,
        clicks
    from {{ ref('stg_tencent_ads__daily') }}
    union all
    select
        'oceanengine' as source_system,
        project_id as source_id,
        stat_date,
        impressions,
        cast(null as bigint) as exposed_persons,
        clicks
    from {{ ref('stg_oceanengine__daily') }}
),

list_covered_days as (
    select distinct
        channel_codes.channel_id,
        dates.date_day
    from channel_codes
    inner join exports
        on exports.export_name = {{ dbt.concat(["channel_codes.source_system", "'__daily'"]) }}
        and exports.is_loaded
    inner join dates on exports.first_day <= dates.date_day and exports.last_day >= dates.date_day
),

name_exposures as (
    select
        coalesce(channel_codes.channel_id, 'unattributed') as channel_id,
        coalesce(channel_codes.chat_id, 'unattributed') as community_id,
        gather_exposures.stat_date as date_day,
        gather_exposures.impressions,
        gather_exposures.exposed_persons,
        gather_exposures.clicks,
        0 as credited_new_memberships
    from gather_exposures
    -- the day on which a report was exported is in it, but not complete
    inner join exports
        on exports.export_name = {{ dbt.concat(["gather_exposures.source_system", "'__daily'"]) }}
        and gather_exposures.stat_date <= exports.last_day
    inner join dates on gather_exposures.stat_date = dates.date_day
    left join channel_codes
        on gather_exposures.source_system = channel_codes.source_system
        and gather_exposures.source_id = channel_codes.source_id
),

credit_joins as (
    select
        flows.channel_id,
        flows.community_id,
        flows.date_day,
        0 as impressions,
        cast(null as bigint) as exposed_persons,
        0 as clicks,
        flows.new_memberships as credited_new_memberships
    from {{ ref('int_membership_flows_counted') }} as flows
    inner join list_covered_days
        on flows.channel_id = list_covered_days.channel_id
        and flows.date_day = list_covered_days.date_day
),

fill_empty_days as (
    select
        channel_id,
        'unattributed' as community_id,
        date_day,
        0 as impressions,
        cast(null as bigint) as exposed_persons,
        0 as clicks,
        0 as credited_new_memberships
    from list_covered_days
),

gather_rows as (
    select * from name_exposures
    union all
    select * from credit_joins
    union all
    select * from fill_empty_days
),

sum_days as (
    select
        channel_id,
        community_id,
        date_day,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(exposed_persons) as bigint) as exposed_persons,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(credited_new_memberships) as integer) as credited_new_memberships
    from gather_rows
    group by channel_id, community_id, date_day
),

-- where members are not known, joins are unknown, and impressions have nothing to be set against
list_member_days as (
    select distinct date_day
    from {{ ref('int_membership_flows_counted') }}
),

final as (
    select
        {{ composite_key(['sum_days.channel_id', 'sum_days.community_id', 'sum_days.date_day']) }} as channel_day_id,
        sum_days.channel_id,
        sum_days.community_id,
        sum_days.impressions,
        sum_days.exposed_persons,
        sum_days.clicks,
        case
            when list_member_days.date_day is not null then sum_days.credited_new_memberships
        end as credited_new_memberships,
        case when list_member_days.date_day is not null then sum_days.impressions end as countable_impressions,
        sum_days.date_day
    from sum_days
    left join list_member_days on sum_days.date_day = list_member_days.date_day
)

select * from final
