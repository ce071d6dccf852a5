{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_snapshots() }}",
    post_hook="{{ close_snapshots() }}",
    meta={'ledger_items': ['person_id'], 'follows': {'int_segment_inputs_measured': 'self'}},
) }}

-- The ordered segment rules: the first that fits decides, so that the segments part the persons without gap or overlap.
with inputs as (
    select * from {{ ref('int_segment_inputs_measured') }}
    {%- if is_incremental() %}
    where {{ is_touched_snapshot() }}
    {%- endif %}
),

final as (
    select
        snapshot_date,
        person_id,
        case
            -- who does not want to be judged is not, whatever is known
            when has_opted_out then 'not_profiled'
            when purchase_days <= 1 and tenure_days < {{ var('segment_observe_days') }} then 'observing'
            when purchase_days <= 1 then 'low_demand'
            when window_purchase_days = 0 then 'need_driven'
            when
                successful_referrals >= {{ var('segment_min_referrals') }}
                and window_months >= {{ var('segment_months_required') }}
                then 'loyal'
            when
                successful_referrals < {{ var('segment_min_referrals') }}
                -- compared as a product: no division, no rounding at the threshold
                and window_net_sales < {{ var('segment_price_threshold_yuan') }} * window_orders
                then 'bargain'
            else '{{ "loyal" if var("segment_mode") == "coarse" else "regular_repeat" }}'
        end as user_segment
    from inputs
)

select * from final
