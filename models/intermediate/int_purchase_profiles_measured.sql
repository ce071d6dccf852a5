{%- set loyalty_window_days = 180 -%}
{%- set value_window_days = 365 -%}

-- What loyalty tiers and RFM look at, per buyer at each snapshot of the segments. Who has opted out of profiling by
-- then is not there: he has no score, and the scores of others do not rank him.
with orders as (
    select * from {{ ref('int_orders_resolved') }}
    where
        is_valid
        and person_id is not null -- a buyer of whom the shop knows no key is nobody to judge
),

snapshots as (
    select distinct snapshot_date
    from {{ ref('int_segment_inputs_measured') }}
),

opt_outs as (
    select * from {{ ref('int_profiling_choices_bounded') }}
    where has_opted_out
),

date_purchases as (
    select
        snapshots.snapshot_date,
        orders.person_id,
        orders.paid_date,
        orders.paid_amount - orders.refunded_amount as net_amount,
        {{ dbt.datediff(
            'orders.paid_date', 'snapshots.snapshot_date', 'day'
        ) }} as days_ago
    from snapshots
    inner join orders on snapshots.snapshot_date >= orders.paid_date
    left join opt_outs
        on orders.person_id = opt_outs.person_id
        and snapshots.snapshot_date >= opt_outs.valid_from
        and (opt_outs.valid_to is null or snapshots.snapshot_date < opt_outs.valid_to)
    where opt_outs.person_id is null
),

final as (
    select
        snapshot_date,
        person_id,
        min(days_ago) as recency_days,
        count(distinct paid_date) as purchase_days,
        count(distinct case when days_ago < {{ loyalty_window_days }} then paid_date end) as loyalty_purchase_days,
        cast(sum(net_amount) as decimal(18, 2)) as monetary_amount,
        cast(
            sum(case when days_ago < {{ value_window_days }} then net_amount else 0 end) as decimal(18, 2)
        ) as value_amount
    from date_purchases
    group by snapshot_date, person_id
)

select * from final
