-- Hand-kept costs spread evenly over their days, to the cent and with the cents adding up,
-- and the spend of the ad platforms.
with costs as (
    select * from {{ ref('stg_manual__costs') }}
),

cost_kinds as (
    select * from {{ ref('cost_kinds') }}
),

channels as (
    select * from {{ ref('stg_manual__channels') }}
),

dates as (
    select * from {{ ref('int_dates_spanned') }}
),

spread_days as (
    select
        costs.cost_id,
        cost_kinds.cost_kind,
        cost_kinds.is_acquisition,
        costs.chat_id,
        costs.channel_id,
        costs.campaign_id,
        dates.date_day,
        costs.cost_amount,
        {{ dbt.datediff(
            'costs.first_date', 'costs.last_date', 'day'
        ) }} + 1 as day_count,
        {{ dbt.datediff(
            'costs.first_date', 'dates.date_day', 'day'
        ) }} + 1 as day_number
    from costs
    inner join dates on costs.first_date <= dates.date_day and costs.last_date >= dates.date_day
    left join cost_kinds on costs.cost_kind_zh = cost_kinds.cost_kind_zh
),

gather_ads as (
    select
        'tencent_ads' as source_system,
        adgroup_id as source_id,
        stat_date,
        cost_amount
    from {{ ref('stg_tencent_ads__daily') }}
    where stat_date < cast(exported_at as date)
    union all
    select
        'oceanengine' as source_system,
        project_id as source_id,
        stat_date,
        cost_amount
    from {{ ref('stg_oceanengine__daily') }}
    where stat_date < cast(exported_at as date)
),

final as (
    select
        {{ composite_key(["'manual'", 'cost_id']) }} as cost_item_id,
        date_day,
        coalesce(chat_id, 'unattributed') as community_id,
        coalesce(channel_id, 'unattributed') as channel_id,
        coalesce(campaign_id, 'unattributed') as campaign_id,
        cost_kind,
        is_acquisition,
        cast(
            {{ share_of_amount('cost_amount', 'day_number', 'day_count') }}
            - {{ share_of_amount('cost_amount', '(day_number - 1)', 'day_count') }} as decimal(18, 2)
        ) as cost_amount
    from spread_days
    union all
    select
        {{ composite_key(['gather_ads.source_system', 'gather_ads.source_id']) }} as cost_item_id,
        gather_ads.stat_date as date_day,
        coalesce(channels.chat_id, 'unattributed') as community_id,
        coalesce(channels.channel_id, 'unattributed') as channel_id,
        'unattributed' as campaign_id,
        'ads' as cost_kind,
        true as is_acquisition,
        gather_ads.cost_amount
    from gather_ads
    left join channels
        on gather_ads.source_system = channels.source_system
        and gather_ads.source_id = channels.source_id
)

select * from final
