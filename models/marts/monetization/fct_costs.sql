with costs as (
    select * from {{ ref('int_costs_spread') }}
),

cost_days as (
    select * from {{ ref('int_cost_days_spanned') }}
),

covered_dates as (
    select distinct date_day
    from cost_days
),

final as (
    select
        {{ composite_key(['costs.cost_item_id', 'costs.date_day']) }} as cost_day_id,
        costs.cost_item_id,
        costs.community_id,
        costs.channel_id,
        costs.campaign_id,
        costs.cost_kind,
        costs.is_acquisition,
        cast(costs.cost_amount as decimal(18, 2)) as cost_amount,
        costs.date_day as cost_date
    from costs
    inner join covered_dates on costs.date_day = covered_dates.date_day
    union all
    select
        {{ composite_key(["'empty'", 'cost_days.community_id', 'cost_days.date_day']) }} as cost_day_id,
        null as cost_item_id,
        cost_days.community_id,
        'unattributed' as channel_id,
        'unattributed' as campaign_id,
        null as cost_kind,
        true as is_acquisition,
        cast(0 as decimal(18, 2)) as cost_amount,
        cost_days.date_day as cost_date
    from cost_days
)

select * from final
