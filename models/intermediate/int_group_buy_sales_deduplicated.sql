-- A resold sale is one: the reseller's side is kept, because the reseller's activity and community won the buyer. What
-- was given back is taken, export by export, from the side that was updated last: a refund that only the supplier shows
-- is money given back all the same.
with sides as (
    select * from {{ ref('int_group_buy_sides_numbered') }}
),

resales as (
    select * from {{ ref('int_group_buy_resales_shown') }}
),

rank_states as (
    select
        resales.order_id,
        resales.exported_at,
        resales.shown_at,
        sides.agreed_refund_amount,
        sides.after_sales_status,
        sides.is_cancelled,
        sides.updated_at,
        row_number() over (
            partition by resales.order_id, resales.shown_at
            order by
                sides.updated_at desc nulls last,
                sides.exported_at desc,
                case when sides.is_reseller_side then 0 else 1 end
        ) as state_rank
    from resales
    inner join sides
        on resales.sale_activity_no = sides.sale_activity_no
        and resales.sale_participate_no = sides.sale_participate_no
        and resales.order_number = sides.order_number
        and resales.shown_at >= sides.exported_at
),

final as (
    select
        order_id,
        activity_no,
        open_key,
        paid_amount,
        freight_amount,
        discount_amount,
        agreed_refund_amount,
        after_sales_status,
        is_cancelled,
        mall_activity_type,
        paid_at,
        updated_at,
        exported_at
    from sides
    where not is_resold
    union all
    select
        resellers.order_id,
        resellers.activity_no,
        resellers.open_key,
        resellers.paid_amount,
        resellers.freight_amount,
        resellers.discount_amount,
        least(rank_states.agreed_refund_amount, resellers.paid_amount) as agreed_refund_amount,
        rank_states.after_sales_status,
        rank_states.is_cancelled,
        resellers.mall_activity_type,
        resellers.paid_at,
        rank_states.updated_at,
        rank_states.shown_at as exported_at
    from rank_states
    inner join sides as resellers
        on rank_states.order_id = resellers.order_id
        and rank_states.exported_at = resellers.exported_at
        and resellers.is_reseller_side
    where rank_states.state_rank = 1
)

select * from final
