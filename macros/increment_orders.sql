{# What models of orders do around their increments; increment_items.sql says how (docs/decisions/0072). #}

{# Query of the keys of orders of a shop, of the changed items of a staging model, whose items are numbers of orders. #}
{% macro orders_of_shop(shop, name) -%}
    select '{{ shop }}|' || item as item from ({{ items_since_seen(name) }}) as changed_orders
{%- endmacro %}

{# Query of item and version of what sales of Kuaituantuan are made of besides its orders, as one number each. #}
{% macro group_buy_inputs() -%}
    select 'activities' as item, cast(sum({{ row_hash(['activity_no', 'chat_id']) }}) as varchar) as version
    from {{ ref('stg_kuaituantuan__activities') }}
    union all
    select 'sheet', cast(sum({{ hash_of_row('sheet') }}) as varchar) from {{ ref('int_sheet_sales_chosen') }} as sheet
{%- endmacro %}

{#
    Before int_order_versions_unioned. A resold sale is made of orders of two sides, and an order that goes leaves nothing that
    says of which: of Kuaituantuan, the smallest shop, all orders are touched as soon as one is.
#}
{% macro open_order_versions() -%}
    {%- set changed -%}
        {{ changed_items('group_buys', group_buy_inputs()) }}
        union all
        {{ items_since_seen('stg_kuaituantuan__orders') }}
    {%- endset -%}
    {%- set group_buys -%}
        select 'kuaituantuan|' || order_id as item
        from (
            select order_id from {{ this }} where shop_system = 'kuaituantuan'
            union all
            select order_id from {{ ref('int_group_buy_versions_conformed') }}
        ) as group_buys
        where (select count(*) from ({{ changed }}) as changed) > 0
    {%- endset -%}
    {{ open_items([
        orders_of_shop('youzan', 'stg_youzan__orders'),
        orders_of_shop('wechat_store', 'stg_wechat_store__orders'),
        orders_of_shop('wechat_store', 'stg_wechat_store__order_lines'),
        group_buys,
    ]) }}
{%- endmacro %}

{% macro close_order_versions() -%}
    {{ close_items(
        {'group_buys': group_buy_inputs()},
        [
            'stg_youzan__orders', 'stg_wechat_store__orders', 'stg_wechat_store__order_lines',
            'stg_kuaituantuan__orders',
        ]
    ) }}
{%- endmacro %}

{# Before int_order_lines_unioned. #}
{% macro open_order_lines() -%}
    {{ open_items([
        orders_of_shop('youzan', 'stg_youzan__order_lines'),
        orders_of_shop('wechat_store', 'stg_wechat_store__order_lines'),
        orders_of_shop('kuaituantuan', 'stg_kuaituantuan__order_lines'),
    ]) }}
{%- endmacro %}

{% macro close_order_lines() -%}
    {{ close_items(asked=[
        'stg_youzan__order_lines', 'stg_wechat_store__order_lines', 'stg_kuaituantuan__order_lines'
    ]) }}
{%- endmacro %}

{# Query of shops and the last day on which their orders count: the earlier of that of the calendar and of the export. #}
{% macro bounds_of_shops() -%}
    select
        replace(exports.export_name, '__orders', '') as item,
        calendar.as_of_date || '|' || coalesce(cast(exports.last_day as varchar), '') as version
    from {{ ref('int_exports_covered') }} as exports
    cross join {{ ref('int_calendar_bounded') }} as calendar
    where exports.export_name in ('youzan__orders', 'wechat_store__orders', 'kuaituantuan__orders')
{%- endmacro %}

{#
    Before int_orders_resolved: orders of which an export came or went, those of buyers who are another person or counted
    otherwise now, and those after the last day until which their shop's orders count, before or now.
#}
{% macro open_resolved_orders() -%}
    {%- set order_key = composite_key(['versions.shop_system', 'versions.order_id']) -%}
    {%- set of_merged_buyers -%}
        select {{ order_key }} as item from {{ ref('int_order_versions_unioned') }} as versions
        where buyer_key in ({{ items_since_seen('int_identities_resolved') }})
    {%- endset -%}
    {%- set of_classified_buyers -%}
        select order_key as item from {{ this }}
        where person_id in ({{ items_since_seen('int_persons_classified') }})
    {%- endset -%}
    {%- set beyond_bounds -%}
        select {{ order_key }} as item
        from {{ ref('int_order_versions_unioned') }} as versions
        inner join (
            select
                coalesce(now.item, before.item) as shop_system,
                least(
                    split_part(coalesce(now.version, '|'), '|', 1), split_part(coalesce(now.version, '|'), '|', 2),
                    split_part(coalesce(before.version, '|'), '|', 1), split_part(coalesce(before.version, '|'), '|', 2)
                ) as last_day
            from ({{ bounds_of_shops() }}) as now
            full join (select item, version from {{ ledger() }} where input = 'bounds') as before
                on now.item = before.item
            where now.version is distinct from before.version
        ) as bounds
            on versions.shop_system = bounds.shop_system
            and cast(cast(greatest(versions.created_at, versions.paid_at) as date) as varchar) > bounds.last_day
    {%- endset -%}
    {{ open_items([of_merged_buyers, of_classified_buyers, beyond_bounds]) }}
{%- endmacro %}

{% macro close_resolved_orders() -%}
    {{ close_items({'bounds': bounds_of_shops()}, ['int_identities_resolved', 'int_persons_classified']) }}
{%- endmacro %}

{# Query of item and version of products and what a unit of them costs. #}
{% macro costs_of_products() -%}
    select product_id as item, cast(unit_cost_amount as varchar) as version from {{ ref('stg_manual__products') }}
{%- endmacro %}

{# Before int_order_costs_measured: also orders with a product of which the cost is another one now. #}
{% macro open_order_costs() -%}
    {%- set of_products -%}
        select {{ composite_key(['shop_system', 'order_id']) }} as item from {{ ref('int_order_lines_unioned') }}
        where product_id in (select item from ({{ changed_items('products', costs_of_products()) }}) as products)
    {%- endset -%}
    {{ open_items([of_products]) }}
{%- endmacro %}

{% macro close_order_costs() -%}
    {{ close_items({'products': costs_of_products()}) }}
{%- endmacro %}

{# Query of item and version of communities and how long a click in them holds. #}
{% macro reach_of_communities() -%}
    select community_id as item, cast(is_short_lived as varchar) as version
    from {{ ref('int_communities_described') }}
{%- endmacro %}

{#
    Before int_order_touches_credited: also orders paid while a click of a changed day holds, of persons whose keys changed, of
    members who were members of something else when paying, and of who clicked in a community of which clicks hold longer.
#}
{% macro open_order_touches() -%}
    {%- set orders = ref('int_orders_resolved') -%}
    {%- set hours = [var('attribution_window_days') * 24, var('attribution_window_flash_hours')] | max -%}
    {%- set after_clicks -%}
        select orders.order_key as item
        from {{ orders }} as orders
        inner join (
            select distinct cast(cast(clicks.item as date) + later.days as date) as paid_date
            from ({{ items_since_seen('stg_scrm__link_clicks') }}) as clicks
            cross join {{ numbers(0, hours // 24 + 1) }} as later (days)
        ) as days on orders.paid_date = days.paid_date
    {%- endset -%}
    {%- set of_members -%}
        select orders.order_key as item
        from {{ orders }} as orders
        inner join ({{ unseen_membership_changes() }}) as changes
            on orders.person_id = changes.person_id
            and orders.paid_at >= changes.changed_from
            and orders.paid_at <= changes.changed_to
    {%- endset -%}
    {%- set of_persons -%}
        select order_key as item from {{ orders }}
        where person_id in (
            {{ items_since_seen('int_identities_resolved', 'persons') }}
            union all
            select identities.person_id
            from {{ ref('stg_scrm__link_clicks') }} as clicks
            inner join {{ ref('int_identities_resolved') }} as identities on clicks.customer_key = identities.identity_key
            where clicks.chat_id in (select item from ({{ changed_items('communities', reach_of_communities()) }}) as communities)
        )
    {%- endset -%}
    {{ open_items([after_clicks, of_members, of_persons]) }}
{%- endmacro %}

{% macro close_order_touches() -%}
    {{ close_items(
        {'communities': reach_of_communities(), 'membership_changes': seen_membership_changes()},
        ['stg_scrm__link_clicks', 'int_identities_resolved']
    ) }}
{%- endmacro %}

{# Before int_sales_measured: also orders of who was a member of the credited community by another channel when paying. #}
{% macro open_sales() -%}
    {%- set of_members -%}
        select orders.order_key as item
        from {{ ref('int_orders_attributed') }} as orders
        inner join ({{ unseen_membership_changes() }}) as changes
            on orders.community_id = changes.community_id
            and orders.person_id = changes.person_id
            and orders.paid_at >= changes.changed_from
            and orders.paid_at <= changes.changed_to
    {%- endset -%}
    {{ open_items([of_members]) }}
{%- endmacro %}

{% macro close_sales() -%}
    {{ close_items({'membership_changes': seen_membership_changes()}) }}
{%- endmacro %}

{#
    Before fct_buyer_ages: also buyers whose month is complete at another age now, by the last day until which sales are
    known.
#}
{% macro open_buyer_ages() -%}
    {%- set of_cohorts -%}
        select ages.person_id as item
        from {{ this }} as ages
        cross join {{ ref('int_sales_bounded') }} as bounds
        where coalesce({{ dbt.last_day('ages.cohort_month', 'month') }} + ages.age_days <= bounds.last_day, false) != ages.is_complete
    {%- endset -%}
    {{ open_items([of_cohorts]) }}
{%- endmacro %}
