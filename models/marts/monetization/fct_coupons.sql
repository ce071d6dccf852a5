-- A coupon has two clocks: taking it and using it are two rows. A coupon may never be used.
with coupons as (
    select * from {{ ref('stg_youzan__coupon_uses') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'youzan__coupon_uses' and is_loaded
),

covered_days as (
    select dates.date_day
    from {{ ref('int_dates_spanned') }} as dates
    inner join exports on dates.date_day >= exports.first_day and dates.date_day <= exports.last_day
),

gather_events as (
    select
        coupon_id,
        phone_key,
        issued_at,
        'issued' as coupon_event,
        null as order_id,
        cast(0 as decimal(18, 2)) as discount_amount,
        cast(issued_at as date) as event_date
    from coupons
    union all
    select
        coupon_id,
        phone_key,
        issued_at,
        'redeemed' as coupon_event,
        order_id,
        discount_amount,
        cast(used_at as date) as event_date
    from coupons
    where used_at is not null
),

final as (
    select
        {{ dbt.hash(composite_key([
            'gather_events.coupon_id', "coalesce(gather_events.phone_key, '')", 'gather_events.issued_at',
            'gather_events.coupon_event'
        ])) }} as coupon_event_id,
        gather_events.coupon_id,
        coalesce(identities.person_id, gather_events.phone_key) as person_id,
        case
            when gather_events.order_id is not null then {{ composite_key(["'youzan'", 'gather_events.order_id']) }}
        end as order_key,
        gather_events.coupon_event,
        case when gather_events.coupon_event = 'issued' then 1 else 0 end as issued_coupons,
        case when gather_events.coupon_event = 'redeemed' then 1 else 0 end as redeemed_coupons,
        cast(gather_events.discount_amount as decimal(18, 2)) as discount_amount,
        gather_events.event_date
    from gather_events
    inner join covered_days on gather_events.event_date = covered_days.date_day
    left join identities on gather_events.phone_key = identities.identity_key
    union all
    select
        {{ composite_key(["'empty'", 'date_day']) }} as coupon_event_id,
        null as coupon_id,
        null as person_id,
        null as order_key,
        null as coupon_event,
        0 as issued_coupons,
        0 as redeemed_coupons,
        cast(0 as decimal(18, 2)) as discount_amount,
        date_day as event_date
    from covered_days
)

select * from final
