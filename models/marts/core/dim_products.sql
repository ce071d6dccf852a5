with products as (
    select * from {{ ref('stg_manual__products') }}
),

final as (
    select
        product_id,
        product_name,
        category,
        product_role_zh as product_role,
        unit_cost_amount
    from products
)

select * from final
