-- Warns, and does not stop the build, because a shop may take a refund back: names each order of which a later export
-- shows less refunded than an earlier one. The difference counts as a negative refund. More often an old file was
-- delivered under a new time of export: check _exported_at.
{{ config(severity='warn') }}

with compare_versions as (
    select
        shop_system,
        order_id,
        exported_at,
        refunded_amount,
        lag(refunded_amount) over (partition by shop_system, order_id order by exported_at) as previous_refunded_amount
    from {{ ref('int_order_versions_unioned') }}
)

select
    shop_system,
    order_id,
    exported_at,
    refunded_amount,
    previous_refunded_amount
from compare_versions
where refunded_amount < previous_refunded_amount
