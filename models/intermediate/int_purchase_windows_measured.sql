{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_snapshots() }}",
    post_hook="{{ close_snapshots() }}",
    meta={
        'ledger_items': ['person_id'],
        'follows': {'int_purchase_days_summed': 'self'},
    },
) }}

{%- set window_days = var('segment_window_days') -%}
{%- set loyalty_window_days = 180 -%}
{%- set value_window_days = 365 -%}

-- What a buyer had bought by each snapshot, in life and in the windows that end there. The window of the segments is
-- cut into blocks of 30 days, from the snapshot backwards.
with purchase_days as (
    select * from {{ ref('int_purchase_days_summed') }}
),

snapshots as (
    select * from {{ ref('int_segment_snapshots_dated') }}
),

look_back as (
    select
        snapshots.snapshot_date,
        purchase_days.person_id,
        purchase_days.orders,
        purchase_days.net_amount,
        {{ dbt.datediff(
            'purchase_days.paid_date', 'snapshots.snapshot_date', 'day'
        ) }} as days_ago
    from purchase_days
    inner join snapshots on purchase_days.paid_date <= snapshots.snapshot_date
    {%- if is_incremental() %}
    where {{ is_touched_snapshot('snapshots.snapshot_date', 'purchase_days.person_id') }}
    {%- endif %}
),

final as (
    select
        snapshot_date,
        person_id,
        min(days_ago) as recency_days,
        count(*) as purchase_days,
        cast(sum(net_amount) as decimal(18, 2)) as monetary_amount,
        count(case when days_ago < {{ window_days }} then 1 end) as window_purchase_days,
        cast(
            {% for first_day in range(0, window_days, 30) -%}
            {%- set next_day = [first_day + 30, window_days] | min -%}
            max(case when days_ago >= {{ first_day }} and days_ago < {{ next_day }} then 1 else 0 end)
            {{- ' + ' if not loop.last }}
            {% endfor -%}
            as bigint
        ) as window_months,
        sum(case when days_ago < {{ window_days }} then net_amount end) as window_net_sales,
        cast(sum(case when days_ago < {{ window_days }} then orders end) as bigint) as window_orders,
        count(case when days_ago < {{ loyalty_window_days }} then 1 end) as loyalty_purchase_days,
        cast(
            sum(case when days_ago < {{ value_window_days }} then net_amount else 0 end) as decimal(18, 2)
        ) as value_amount
    from look_back
    group by snapshot_date, person_id
)

select * from final
