-- Each group buy with the participations that count towards its quorum, own sales and those of helpers alike.
with activities as (
    select * from {{ ref('stg_kuaituantuan__activities') }}
),

orders as (
    select * from {{ ref('stg_kuaituantuan__orders') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

products as (
    select * from {{ ref('stg_manual__products') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

rank_versions as (
    select
        *,
        -- both sides of a resold sale may carry one order number
        row_number() over (partition by order_id, activity_no order by exported_at desc) as version_from_last
    from orders
),

count_participations as (
    select
        rank_versions.activity_no,
        count(distinct rank_versions.participate_no) as participations
    from rank_versions
    cross join calendar
    where
        rank_versions.version_from_last = 1
        and not rank_versions.is_cancelled
        and rank_versions.mall_activity_type in (0, 1)
        and cast(rank_versions.paid_at as date) <= calendar.as_of_date
    group by rank_versions.activity_no
),

-- without orders of the interface nobody knows how many took part: a sheet does not say in what
exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'kuaituantuan__orders' and is_loaded and exists (select 1 from orders)
),

final as (
    select
        activities.activity_no,
        activities.activity_title,
        activities.product_id,
        activities.min_participants as minimum_participants,
        activities.started_at as starts_at,
        activities.ended_at as ends_at,
        cast(coalesce(count_participations.participations, 0) as integer) as participations,
        coalesce(communities.community_id, 'unattributed') as community_id,
        coalesce(products.product_role_zh, 'unclassified') as product_role,
        coalesce(
            activities.activity_status = 20
            and cast(activities.ended_at as date) <= calendar.as_of_date
            and cast(activities.ended_at as date) <= exports.last_day,
            false
        ) as is_ended,
        coalesce(
            coalesce(count_participations.participations, 0) >= activities.min_participants, false
        ) as is_quorum_reached
    from activities
    cross join exports
    cross join calendar
    left join communities on activities.chat_id = communities.community_id
    left join products on activities.product_id = products.product_id
    left join count_participations on activities.activity_no = count_participations.activity_no
    where cast(activities.started_at as date) <= calendar.as_of_date
)

select * from final
