-- What loyalty tiers and RFM look at. Who has opted out of profiling by then is not there: he has no score, and the
-- scores of others do not rank him. A view: it leaves out a few buyers.
{{ config(materialized='view') }}

with purchase_windows as (
    select * from {{ ref('int_purchase_windows_measured') }}
),

opt_outs as (
    select * from {{ ref('int_profiling_choices_bounded') }}
    where has_opted_out
),

final as (
    select
        purchase_windows.snapshot_date,
        purchase_windows.person_id,
        purchase_windows.recency_days,
        purchase_windows.purchase_days,
        purchase_windows.loyalty_purchase_days,
        purchase_windows.monetary_amount,
        purchase_windows.value_amount
    from purchase_windows
    left join opt_outs
        on purchase_windows.person_id = opt_outs.person_id
        and purchase_windows.snapshot_date >= opt_outs.valid_from
        and (opt_outs.valid_to is null or purchase_windows.snapshot_date < opt_outs.valid_to)
    where opt_outs.person_id is null
)

select * from final
