{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_snapshots() }}",
    post_hook="{{ close_snapshots() }}",
    meta={
        'ledger_items': ['person_id'],
        'follows': {
            'int_purchase_windows_measured': 'self', 'int_persons_first_seen': 'self',
            'int_referrals_credited': 'inviters', 'int_profiling_choices_bounded': 'persons',
        },
    },
) }}

-- What the segment rules look at, per person and snapshot.
with snapshots as (
    select * from {{ ref('int_segment_snapshots_dated') }}
),

persons as (
    select * from {{ ref('int_persons_first_seen') }}
),

purchase_windows as (
    select * from {{ ref('int_purchase_windows_measured') }}
),

referrals as (
    select * from {{ ref('int_referrals_credited') }}
),

choices as (
    select * from {{ ref('int_profiling_choices_bounded') }}
),

list_subjects as (
    select
        snapshots.snapshot_date,
        persons.person_id,
        {{ dbt.datediff(
            'persons.first_seen_date', 'snapshots.snapshot_date', 'day'
        ) }} as tenure_days
    from persons
    inner join snapshots on persons.first_seen_date <= snapshots.snapshot_date
    {%- if is_incremental() %}
    where {{ is_touched_snapshot('snapshots.snapshot_date', 'persons.person_id') }}
    {%- endif %}
),

measure_referrals as (
    select
        snapshots.snapshot_date,
        referrals.inviter_person_id as person_id,
        count(*) as successful_referrals
    from snapshots
    inner join referrals on snapshots.snapshot_date >= cast(referrals.succeeded_at as date)
    group by snapshots.snapshot_date, referrals.inviter_person_id
),

final as (
    select
        list_subjects.snapshot_date,
        list_subjects.person_id,
        list_subjects.tenure_days,
        coalesce(purchase_windows.purchase_days, 0) as purchase_days,
        coalesce(purchase_windows.window_purchase_days, 0) as window_purchase_days,
        coalesce(purchase_windows.window_months, 0) as window_months,
        coalesce(purchase_windows.window_net_sales, 0) as window_net_sales,
        coalesce(purchase_windows.window_orders, 0) as window_orders,
        coalesce(measure_referrals.successful_referrals, 0) as successful_referrals,
        coalesce(choices.has_opted_out, false) as has_opted_out
    from list_subjects
    left join choices
        on list_subjects.person_id = choices.person_id
        and list_subjects.snapshot_date >= choices.valid_from
        and (choices.valid_to is null or list_subjects.snapshot_date < choices.valid_to)
    left join purchase_windows
        on list_subjects.snapshot_date = purchase_windows.snapshot_date
        and list_subjects.person_id = purchase_windows.person_id
    left join measure_referrals
        on list_subjects.snapshot_date = measure_referrals.snapshot_date
        and list_subjects.person_id = measure_referrals.person_id
)

select * from final
