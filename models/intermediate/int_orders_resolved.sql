-- The latest export of each order, with its buyer resolved and judged: sold (paid, no gift, points or test)
-- and valid (not refunded in full).
with versions as (
    select * from {{ ref('int_order_versions_unioned') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
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

final as (
    select
        {{ composite_key(['rank_versions.shop_system', 'rank_versions.order_id']) }} as order_key,
        rank_versions.shop_system,
        rank_versions.order_id,
        coalesce(identities.person_id, rank_versions.buyer_key) as person_id,
        rank_versions.promo_code,
        rank_versions.paid_at is not null and rank_versions.is_sale and rank_versions.paid_amount > 0 as is_sold,
        rank_versions.paid_at is not null
        and rank_versions.is_sale
        and rank_versions.paid_amount > 0
        and rank_versions.refunded_amount < rank_versions.paid_amount as is_valid,
        rank_versions.paid_amount,
        rank_versions.refunded_amount,
        rank_versions.units,
        cast(rank_versions.paid_at as date) as paid_date,
        rank_versions.created_at,
        rank_versions.paid_at,
        rank_versions.exported_at
    from rank_versions
    left join identities on rank_versions.buyer_key = identities.identity_key
    cross join calendar
    where
        rank_versions.version_from_last = 1
        and cast(rank_versions.created_at as date) <= calendar.as_of_date
        and (rank_versions.paid_at is null or cast(rank_versions.paid_at as date) <= calendar.as_of_date)
)

select * from final
