-- The reseller's side of a resold sale as it was known at each export of either side; where the supplier was exported
-- before, as it was known first.
with sides as (
    select * from {{ ref('int_group_buy_sides_numbered') }}
    where is_resold
),

list_exports as (
    select distinct
        sale_activity_no,
        sale_participate_no,
        order_number,
        exported_at as shown_at
    from sides
),

rank_resellers as (
    select
        list_exports.*,
        resellers.order_id,
        resellers.exported_at,
        row_number() over (
            partition by
                list_exports.sale_activity_no,
                list_exports.sale_participate_no,
                list_exports.order_number,
                list_exports.shown_at
            order by
                case when resellers.exported_at <= list_exports.shown_at then 0 else 1 end,
                abs({{ dbt.datediff('resellers.exported_at', 'list_exports.shown_at', 'second') }})
        ) as reseller_rank
    from list_exports
    inner join sides as resellers
        on list_exports.sale_activity_no = resellers.sale_activity_no
        and list_exports.sale_participate_no = resellers.sale_participate_no
        and list_exports.order_number = resellers.order_number
        and resellers.is_reseller_side
),

final as (
    select
        order_id,
        shown_at,
        exported_at,
        sale_activity_no,
        sale_participate_no,
        order_number
    from rank_resellers
    where reseller_rank = 1
)

select * from final
