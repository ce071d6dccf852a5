-- Sales to people who were in some community when they paid, whatever credits the order. There is no community here:
-- a buyer in three communities is one sale, and a split would count it three times.
with sales as (
    select * from {{ ref('int_sales_measured') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
),

sales_days as (
    select * from {{ ref('int_sales_days_spanned') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

-- who was a member is known only where the member exports speak
list_days as (
    select distinct sales_days.date_day
    from sales_days
    cross join calendar
    where
        sales_days.date_day >= calendar.history_start_date
        and sales_days.date_day <= coalesce(calendar.members_last_date, calendar.as_of_date)
),

find_influenced as (
    select
        sales.order_key,
        sales.shop_system,
        sales.person_id,
        sales.paid_date,
        sales.paid_amount - sales.refunded_amount as net_amount
    from sales
    inner join list_days on sales.paid_date = list_days.date_day
    where
        exists (
            select 1
            from memberships
            where
                memberships.person_id = sales.person_id
                and memberships.joined_at <= sales.paid_at
                and (memberships.left_at is null or memberships.left_at > sales.paid_at)
        )
),

final as (
    select
        order_key as influenced_sale_id,
        order_key,
        shop_system,
        person_id,
        cast(net_amount as decimal(18, 2)) as net_amount,
        paid_date
    from find_influenced
    union all
    select
        {{ composite_key(["'empty'", 'list_days.date_day']) }} as influenced_sale_id,
        null as order_key,
        null as shop_system,
        null as person_id,
        cast(0 as decimal(18, 2)) as net_amount,
        list_days.date_day as paid_date
    from list_days
    left join find_influenced on list_days.date_day = find_influenced.paid_date
    where find_influenced.order_key is null
)

select * from final
