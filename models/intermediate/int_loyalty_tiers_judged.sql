{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_snapshots() }}",
    post_hook="{{ close_snapshots() }}",
    meta={
        'ledger_items': ['person_id'],
        'follows': {
            'int_segment_inputs_measured': 'self', 'int_purchase_windows_measured': 'self',
            'int_profiling_choices_bounded': 'persons',
        },
    },
) }}

-- Tiers of loyalty beside the user segments: who buys again and lately is loyal, and of high value from a sum on.
with inputs as (
    select * from {{ ref('int_segment_inputs_measured') }}
    {%- if is_incremental() %}
    where {{ is_touched_snapshot() }}
    {%- endif %}
),

profiles as (
    select * from {{ ref('int_purchase_profiles_measured') }}
),

judge_loyalty as (
    select
        inputs.snapshot_date,
        inputs.person_id,
        inputs.has_opted_out,
        profiles.value_amount,
        coalesce(profiles.loyalty_purchase_days >= 2 and profiles.recency_days <= 90, false) as is_loyal
    from inputs
    left join profiles
        on inputs.snapshot_date = profiles.snapshot_date
        and inputs.person_id = profiles.person_id
),

final as (
    select
        snapshot_date,
        person_id,
        case
            when has_opted_out then 'not_profiled'
            when not is_loyal then 'ordinary'
            when value_amount < {{ var('loyalty_value_threshold_yuan') }} then 'ordinary_loyal'
            else 'high_value_loyal'
        end as loyalty_tier
    from judge_loyalty
)

select * from final
