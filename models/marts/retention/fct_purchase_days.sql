with sales as (
    select * from {{ ref('fct_sales') }}
),

-- several orders of a person on a day are one purchase day; rows without a buyer keep the covered days
list_purchase_days as (
    select distinct
        community_id,
        channel_id,
        buyer_person_id as person_id,
        paid_date
    from sales
),

final as (
    select
        {{ composite_key(['community_id', 'channel_id', "coalesce(person_id, '-')", 'paid_date']) }} as purchase_row_id,
        {{ composite_key(['person_id', 'paid_date']) }} as purchase_day_key,
        community_id,
        channel_id,
        person_id,
        paid_date
    from list_purchase_days
)

select * from final
