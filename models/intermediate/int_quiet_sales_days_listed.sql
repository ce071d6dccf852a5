-- Where a sale could have been exported and none was: zero, and not unknown.
with sales_days as (
    select * from {{ ref('int_sales_days_spanned') }}
),

sales as (
    select * from {{ ref('int_sales_measured') }}
),

final as (
    select
        sales_days.community_id,
        sales_days.date_day
    from sales_days
    left join sales
        on sales_days.community_id = sales.community_id
        and sales_days.date_day = sales.paid_date
    where sales.order_key is null
)

select * from final
