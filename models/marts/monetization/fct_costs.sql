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
        {{ dbt.concat(["costs.cost_item_id", "'|'", "cast(costs.date_day as " ~ dbt.type_string() ~ ")"]) }} as cost_day_id,
        costs.cost_item_id,
        costs.community_id,
        costs.channel_id,
        costs.cost_kind,
        costs.is_acquisition,
        cast(costs.cost_amount as decimal(18, 2)) as cost_amount,
        costs.date_day as cost_date
    from costs
    inner join covered_dates on costs.date_day = covered_dates.date_day
    union all
    select
        {{ dbt.concat(["'empty|'", "cost_days.community_id", "'|'", "cast(cost_days.date_day as " ~ dbt.type_string() ~ ")"]) }},
        null,
        cost_days.community_id,
        'unattributed',
        null,
        true,
        cast(0 as decimal(18, 2)),
        cost_days.date_day
    from cost_days
)

select * from final
