-- A resold sale (帮卖) is exported by the supplier and by the reseller. It is one sale: the reseller's side is kept,
-- because the reseller's activity and community won the buyer. What was given back is taken, export by export, from
-- the side that was updated last: a refund that only the supplier shows is money given back all the same.
with versions as (
    select * from {{ ref('stg_kuaituantuan__orders') }}
),

identify_sales as (
    select
        *,
        coalesce(supply_activity_no, activity_no) as sale_activity_no,
        coalesce(supply_participate_no, participate_no) as sale_participate_no,
        not is_supplier and supply_activity_no is not null as is_reseller_side
    from versions
),

list_resold_sales as (
    select distinct
        sale_activity_no,
        sale_participate_no
    from identify_sales
    where is_reseller_side
),

-- several orders of one participation are told apart by the order of their numbers, which is that of both sides
number_orders as (
    select
        identify_sales.*,
        list_resold_sales.sale_activity_no is not null as is_resold,
        dense_rank() over (
            partition by
                identify_sales.sale_activity_no,
                identify_sales.sale_participate_no,
                identify_sales.is_reseller_side
            order by identify_sales.order_id
        ) as order_number
    from identify_sales
    left join list_resold_sales
        on identify_sales.sale_activity_no = list_resold_sales.sale_activity_no
        and identify_sales.sale_participate_no = list_resold_sales.sale_participate_no
),

list_exports as (
    select distinct
        sale_activity_no,
        sale_participate_no,
        order_number,
        exported_at
    from number_orders
    where is_resold
),

-- the reseller's side as it was known; where the supplier was exported before, as it was known first
rank_resellers as (
    select
        resellers.*,
        list_exports.exported_at as shown_at,
        row_number() over (
            partition by
                list_exports.sale_activity_no,
                list_exports.sale_participate_no,
                list_exports.order_number,
                list_exports.exported_at
            order by
                case when resellers.exported_at <= list_exports.exported_at then 0 else 1 end,
                abs({{ dbt.datediff('resellers.exported_at', 'list_exports.exported_at', 'second') }})
        ) as reseller_rank
    from list_exports
    inner join number_orders as resellers
        on list_exports.sale_activity_no = resellers.sale_activity_no
        and list_exports.sale_participate_no = resellers.sale_participate_no
        and list_exports.order_number = resellers.order_number
        and resellers.is_reseller_side
),

rank_states as (
    select
        sides.*,
        list_exports.exported_at as shown_at,
        row_number() over (
            partition by
                list_exports.sale_activity_no,
                list_exports.sale_participate_no,
                list_exports.order_number,
                list_exports.exported_at
            order by
                sides.updated_at desc,
                sides.exported_at desc,
                case when sides.is_reseller_side then 0 else 1 end
        ) as state_rank
    from list_exports
    inner join number_orders as sides
        on list_exports.sale_activity_no = sides.sale_activity_no
        and list_exports.sale_participate_no = sides.sale_participate_no
        and list_exports.order_number = sides.order_number
        and list_exports.exported_at >= sides.exported_at
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
    from number_orders
    where not is_resold
    union all
    select
        rank_resellers.order_id,
        rank_resellers.activity_no,
        rank_resellers.open_key,
        rank_resellers.paid_amount,
        rank_resellers.freight_amount,
        rank_resellers.discount_amount,
        least(rank_states.agreed_refund_amount, rank_resellers.paid_amount) as agreed_refund_amount,
        rank_states.after_sales_status,
        rank_states.is_cancelled,
        rank_resellers.mall_activity_type,
        rank_resellers.paid_at,
        rank_states.updated_at,
        rank_resellers.shown_at as exported_at
    from rank_resellers
    inner join rank_states
        on rank_resellers.sale_activity_no = rank_states.sale_activity_no
        and rank_resellers.sale_participate_no = rank_states.sale_participate_no
        and rank_resellers.order_number = rank_states.order_number
        and rank_resellers.shown_at = rank_states.shown_at
    where rank_resellers.reseller_rank = 1 and rank_states.state_rank = 1
)

select * from final
