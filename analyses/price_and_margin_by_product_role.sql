-- 引流、走量、明星、利润款，各卖多少钱一件，各留下多少毛利？
-- What does a unit of each product role sell for, and what does it earn?
--
-- Grain: one row per product role and whether it came as a gift; products of no role or not in the list stand under
-- 未填.
-- How to read it: units_kept are those that stayed with the buyer, in valid orders whose lines an export has.
-- line_amount is what was paid for them (in Kuaituantuan before the discount of the order, which is not spread over
-- its lines), unit_price that per unit, goods_cost what they cost, margin and margin_rate what is left. A gift has a
-- cost and no amount: its margin is what it cost to give. units_without_cost say how far margin can be trusted: they
-- are in unit_price and not in margin. Freight, and Youzan refunds without a return of goods, are not in it; the
-- metric gross_profit holds both, by order. By month:
--   mf query --metrics gross_profit,average_selling_price,discount_rate --group-by metric_time__month
with lines as (
    select * from {{ ref('int_order_lines_unioned') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_valid
),

products as (
    select * from {{ ref('dim_products') }}
),

measure_lines as (
    select
        coalesce(products.product_role, '未填') as product_role,
        lines.is_gift,
        lines.quantity - lines.refunded_quantity as units_kept,
        {{ share_of_amount(
            'lines.line_amount', '(lines.quantity - lines.refunded_quantity)', 'lines.quantity'
        ) }} as line_amount,
        (lines.quantity - lines.refunded_quantity) * products.unit_cost_amount as goods_cost
    from lines
    inner join orders on lines.shop_system = orders.shop_system and lines.order_id = orders.order_id
    left join products on lines.product_id = products.product_id
),

final as (
    select
        product_role,
        is_gift,
        sum(units_kept) as units_kept,
        sum(line_amount) as line_amount,
        {{ as_double('sum(line_amount)') }} / nullif(sum(units_kept), 0) as unit_price,
        sum(goods_cost) as goods_cost,
        sum(case when goods_cost is not null then line_amount - goods_cost end) as margin,
        {{ as_double('sum(case when goods_cost is not null then line_amount - goods_cost end)') }}
        / nullif(sum(case when goods_cost is not null then line_amount end), 0) as margin_rate,
        sum(case when goods_cost is null then units_kept else 0 end) as units_without_cost
    from measure_lines
    group by product_role, is_gift
)

select * from final
order by is_gift asc, product_role asc
