-- Sales and refunds by day, community and channel, as one would write them by hand for one set of exports, after
-- memberships.sql. Given as built: persons and their keys, communities, what exports cover, and of the smallest shop
-- (Kuaituantuan, a tenth of the orders) its versions of orders, for resold sales are a matter of their own. Variables:
-- youzan__orders, wechat_store__orders, wechat_store__order_lines and link_clicks, lists of Parquet files.
create or replace temp table versions as
with store_orders as (
    select distinct on (order_id, _exported_at) *
    from read_parquet(getvariable('wechat_store__orders'))
    where order_id != '' and try_cast(order_price as bigint) is not null and try_cast(create_time as bigint) is not null
    order by order_id, _exported_at, _source_file, try_cast(_source_row as integer)
),

store_lines as (
    select distinct on (order_id, sku_id, is_free_gift, _exported_at)
        order_id, _exported_at, cast(real_price as bigint) as fen, cast(sku_cnt as bigint) as units,
        coalesce(try_cast(finish_aftersale_sku_cnt as bigint), 0) as returned
    from read_parquet(getvariable('wechat_store__order_lines'))
    where try_cast(sku_cnt as bigint) > 0
    order by order_id, sku_id, is_free_gift, _exported_at, _source_file, try_cast(_source_row as integer)
),

-- returned units give back their share of their line, to the nearest cent
store_refunds as (
    select order_id, _exported_at, cast(sum((2 * fen * returned + units) // (2 * units)) * 0.01 as decimal(18, 2)) as refunded
    from store_lines
    group by all
),

youzan_orders as (
    select distinct on (订单号, _exported_at) *
    from read_parquet(getvariable('youzan__orders'))
    where 订单号 != '' and try_cast(replace(订单实付金额, ',', '') as decimal(18, 2)) is not null
    order by 订单号, _exported_at, _source_file, try_cast(_source_row as integer)
)

select
    'wechat_store' as shop_system, order_id, cast(_exported_at as timestamp) as exported_at,
    coalesce(nullif(unionid, ''), nullif(openid, '')) as buyer_key, null as promo_code, null as activity_chat_id, true as is_sale,
    local_time(create_time) as created_at,
    case when status not in ('10', '250') then local_time(pay_time) end as paid_at,
    cast(cast(order_price as bigint) * 0.01 as decimal(18, 2)) as paid_amount,
    case when status in ('190', '200') then paid_amount else coalesce(refunded, 0) end as refunded_amount,
    cast(local_time(update_time) as date) as refund_seen_date
from store_orders
left join store_refunds using (order_id, _exported_at)
union all
select
    'youzan', 订单号, cast(_exported_at as timestamp), nullif(买家手机号, ''), nullif(推广方式, ''), null,
    订单类型 in ('普通订单', '拼团订单'), try_cast(订单创建时间 as timestamp),
    case when coalesce(订单状态, '') != '待付款' then try_cast(买家付款时间 as timestamp) end,
    cast(replace(订单实付金额, ',', '') as decimal(18, 2)),
    coalesce(try_cast(replace(订单已退款金额, ',', '') as decimal(18, 2)), 0), cast(cast(_exported_at as timestamp) as date) - 1
from youzan_orders
union all
select 'kuaituantuan', order_id, exported_at, buyer_key, null, activity_chat_id, is_sale, created_at, paid_at, paid_amount,
    refunded_amount, refund_seen_date
from built.intermediate.int_group_buy_versions_conformed;

create or replace temp table orders as
with newest as (
    select distinct on (shop_system, order_id) * from versions order by shop_system, order_id, exported_at desc
)

select shop_system, order_id, coalesce(person_id, buyer_key) as person_id, promo_code, activity_chat_id, paid_at,
    paid_amount, refunded_amount, refunded_amount < paid_amount as is_valid
from newest
left join built.intermediate.int_identities_resolved on buyer_key = identity_key
left join built.intermediate.int_persons_classified using (person_id)
cross join built.intermediate.int_calendar_bounded
left join built.intermediate.int_exports_covered on export_name = shop_system || '__orders'
where
    is_sale and paid_amount > 0 and coalesce(is_counted, true)
    and cast(paid_at as date) <= least(as_of_date, last_day)
    and (created_at is null or created_at < as_of_date + 1);

-- the community of an order: of its code or activity, if the buyer had not joined after paying; else of the last click
create or replace temp table credited as
with by_code as (
    select shop_system, order_id, min(communities.community_id) as community_id
    from (
        select shop_system, order_id, orders.person_id, paid_at, community_id
        from orders inner join built.intermediate.int_communities_described using (promo_code)
        union all
        select shop_system, order_id, orders.person_id, paid_at, activity_chat_id from orders where activity_chat_id is not null
    ) as claims
    inner join built.intermediate.int_communities_described as communities using (community_id)
    left join (
        select community_id, person_id, min(joined_at) as first_joined_at from memberships group by all
    ) as joins on claims.community_id = joins.community_id and claims.person_id = joins.person_id
    where first_joined_at is null or first_joined_at <= paid_at
    group by all
),

clicks as (
    select distinct person_id, chat_id as community_id, epoch_ms(try_cast(click_time as bigint)) + interval 8 hours as clicked_at,
        if(is_short_lived, interval 24 hours, interval 7 days) as reach
    from read_parquet(getvariable('link_clicks'))
    inner join built.intermediate.int_identities_resolved on external_userid = identity_key
    inner join built.intermediate.int_communities_described on chat_id = community_id
),

by_click as (
    select shop_system, order_id, arg_min(community_id, (-epoch_us(clicked_at), community_id)) as community_id
    from (select * from orders anti join by_code using (shop_system, order_id)) as orders
    inner join clicks using (person_id)
    semi join memberships on clicks.community_id = memberships.community_id and orders.person_id = memberships.person_id
        and paid_at >= joined_at and (left_at is null or paid_at < left_at)
    where paid_at >= clicked_at and paid_at <= clicked_at + reach
    group by all
)

from by_code
union all
from by_click;

create or replace table sales_days as
select coalesce(orders.community_id, 'unattributed') as community_id, coalesce(channel_id, 'unattributed') as channel_id,
    cast(paid_at as date) as paid_date, count(*) as orders, count_if(is_valid) as valid_orders,
    sum(paid_amount) as gross_amount, sum(refunded_amount) as refunded_amount
from (from orders left join credited using (shop_system, order_id)) as orders
left join memberships
    on orders.community_id = memberships.community_id and orders.person_id = memberships.person_id
    and paid_at >= joined_at and (left_at is null or paid_at < left_at)
group by all;

-- a refund is the rise of what was given back from one export of an order to the next
create or replace table refund_days as
select coalesce(community_id, 'unattributed') as community_id, refund_date, count(*) as refunds, sum(refund_amount) as refund_amount
from (
    select shop_system, order_id, greatest(refund_seen_date, cast(paid_at as date)) as refund_date,
        refunded_amount - coalesce(lag(refunded_amount) over (partition by shop_system, order_id order by exported_at), 0) as refund_amount
    from versions
    where paid_at is not null and is_sale and paid_amount > 0
) as rises
semi join orders using (shop_system, order_id)
left join credited using (shop_system, order_id)
cross join built.intermediate.int_calendar_bounded
where refund_amount != 0 and refund_date <= as_of_date
group by all;
