-- A buyer who did not come back to one shop may have bought in another: what is judged afterwards is judged up to the
-- last day that every loaded shop reaches.
with exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name in ('youzan__orders', 'wechat_store__orders', 'kuaituantuan__orders') and is_loaded
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select
        1 as sales_bounds_id,
        min(greatest(exports.first_day, calendar.first_date)) as first_day,
        min(least(exports.last_day, calendar.as_of_date)) as last_day
    from exports
    cross join calendar
)

select * from final
