with group_buys as (
    select * from {{ ref('int_group_buys_counted') }}
),

final as (
    select
        activity_no as group_buy_id,
        activity_title as group_buy_title,
        community_id,
        product_id,
        product_role,
        minimum_participants,
        participations,
        starts_at,
        ends_at,
        1 as group_buys,
        cast(starts_at as date) as start_date,
        case when is_ended then 1 else 0 end as ended_group_buys,
        case when is_ended and is_quorum_reached then 1 else 0 end as successful_group_buys
    from group_buys
)

select * from final
