{{ config(
    post_hook="{{ note_table_changes() }}",
    meta={'ledger_items': ['buyer_id'], 'ledger_kinds': {'persons': 'person_id'}},
) }}

with sales as (
    select * from {{ ref('fct_sales') }}
    where buyer_person_id is not null
),

orders as (
    select * from {{ ref('int_orders_attributed') }}
),

sales_days as (
    select * from {{ ref('int_sales_days_spanned') }}
),

find_last_day as (
    select last_day as last_date
    from {{ ref('int_sales_bounded') }}
),

rank_orders as (
    select
        sales.*,
        row_number() over (
            partition by sales.buyer_person_id
            order by orders.paid_at, sales.order_key
        ) as order_number
    from sales
    inner join orders on sales.order_key = orders.order_key
),

date_purchases as (
    select
        firsts.buyer_person_id as person_id,
        firsts.order_key as first_order_key,
        firsts.community_id,
        firsts.channel_id,
        firsts.paid_date as first_paid_date,
        min(sales.paid_date) as second_paid_date,
        cast({{ dbt.dateadd('day', 30, 'firsts.paid_date') }} as date) as date_d30
    from rank_orders as firsts
    left join sales
        on firsts.buyer_person_id = sales.buyer_person_id
        and firsts.paid_date < sales.paid_date
    where firsts.order_number = 1
    group by
        firsts.buyer_person_id,
        firsts.order_key,
        firsts.community_id,
        firsts.channel_id,
        firsts.paid_date
),

final as (
    select
        date_purchases.person_id as buyer_id,
        date_purchases.person_id,
        date_purchases.first_order_key,
        date_purchases.community_id,
        date_purchases.channel_id,
        case when date_purchases.date_d30 <= find_last_day.last_date then 1 else 0 end as matured_d30,
        case
            when
                date_purchases.date_d30 <= find_last_day.last_date
                and date_purchases.second_paid_date <= date_purchases.date_d30
                then 1
            else 0
        end as repurchased_d30,
        date_purchases.second_paid_date,
        cast({{ dbt.date_trunc('month', 'date_purchases.first_paid_date') }} as date) as cohort_month,
        date_purchases.first_paid_date
    from date_purchases
    cross join find_last_day
    union all
    select
        {{ composite_key(["'empty'", 'sales_days.community_id', 'sales_days.date_day']) }} as buyer_id,
        null as person_id,
        null as first_order_key,
        sales_days.community_id,
        'unattributed' as channel_id,
        0 as matured_d30,
        0 as repurchased_d30,
        null as second_paid_date,
        cast({{ dbt.date_trunc('month', 'sales_days.date_day') }} as date) as cohort_month,
        sales_days.date_day as first_paid_date
    from sales_days
    left join date_purchases
        on sales_days.community_id = date_purchases.community_id
        and sales_days.date_day = date_purchases.first_paid_date
    where date_purchases.person_id is null
)

select * from final
