-- 哪类商品更容易成团？
-- Which kind of product fills its group buys?
--
-- Grain: one row per product role: 引流 draws people in, 走量 sells in volume, 明星 carries the brand, 利润 earns.
-- How to read it: succeeded are the ended group buys that reached their quorum. near_misses ended one or two
-- participations short: a lower quorum or one more reminder would have carried them. mean_fill is the mean of
-- participations over the quorum, above 1 where group buys go well beyond it; with few ended group buys read the
-- numbers, not the mean. Roles come from the product list; unclassified products are not in it.
-- The rate: mf query --metrics group_buy_success_rate --group-by group_buy__product_role
with group_buys as (
    select * from {{ ref('fct_group_buys') }}
),

final as (
    select
        product_role,
        sum(group_buys) as opened,
        sum(ended_group_buys) as ended,
        sum(successful_group_buys) as succeeded,
        sum(
            case
                when
                    ended_group_buys = 1
                    and successful_group_buys = 0
                    and minimum_participants - participations <= 2
                    then 1
                else 0
            end
        ) as near_misses,
        avg(
            case when ended_group_buys = 1 then {{ as_double('participations') }} / nullif(minimum_participants, 0) end
        ) as mean_fill,
        sum(case when ended_group_buys = 1 then participations else 0 end) as participations
    from group_buys
    group by product_role
)

select * from final
order by ended desc, product_role asc
