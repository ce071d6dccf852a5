{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_resolved_orders() }}",
    post_hook="{{ close_resolved_orders() }}",
    meta={
        'ledger_items': ['order_key'],
        'ledger_kinds': {'persons': 'person_id'},
        'follows': {'int_order_versions_unioned': 'self'},
    },
) }}

-- The latest export of each order, with its buyer resolved and judged: sold (paid, no gift, points or test, and not
-- bought by staff, a shill or a test account) and valid (not refunded in full).
with versions as (
    select * from {{ ref('int_order_versions_unioned') }}
    {%- if is_incremental() %}
    where {{ is_touched_item(composite_key(['shop_system', 'order_id'])) }}
    {%- endif %}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

rank_versions as (
    select
        *,
        row_number() over (partition by shop_system, order_id order by exported_at desc) as version_from_last
    from versions
),

judge_orders as (
    select
        rank_versions.*,
        coalesce(identities.person_id, rank_versions.buyer_key) as person_id,
        rank_versions.paid_at is not null
        and rank_versions.is_sale
        and rank_versions.paid_amount > 0
        and coalesce(persons.is_counted, true) as is_sold
    from rank_versions
    left join identities on rank_versions.buyer_key = identities.identity_key
    left join persons on identities.person_id = persons.person_id
    where rank_versions.version_from_last = 1
),

final as (
    select
        {{ composite_key(['judge_orders.shop_system', 'judge_orders.order_id']) }} as order_key,
        judge_orders.shop_system,
        judge_orders.order_id,
        judge_orders.person_id,
        judge_orders.promo_code,
        judge_orders.activity_chat_id,
        judge_orders.is_sold,
        judge_orders.is_sold and judge_orders.refunded_amount < judge_orders.paid_amount as is_valid,
        judge_orders.is_wholly_returned,
        judge_orders.paid_amount,
        judge_orders.list_amount,
        judge_orders.discount_amount,
        judge_orders.refunded_amount,
        cast(judge_orders.paid_at as date) as paid_date,
        judge_orders.created_at,
        judge_orders.paid_at,
        judge_orders.exported_at
    from judge_orders
    cross join calendar
    left join exports
        on exports.export_name = {{ dbt.concat(["judge_orders.shop_system", "'__orders'"]) }}
    where
        (judge_orders.created_at is null or cast(judge_orders.created_at as date) <= calendar.as_of_date)
        and (
            judge_orders.paid_at is null
            or (
                cast(judge_orders.paid_at as date) <= calendar.as_of_date
                -- the day on which a shop was exported is in the export, but not complete
                and cast(judge_orders.paid_at as date) <= exports.last_day
            )
        )
)

select * from final
