-- The member lists of a community in their order.
with lists as (
    select distinct
        chat_id as community_id,
        exported_at as snapshot_at
    from {{ ref('stg_wecom__group_members') }}
),

final as (
    select
        community_id,
        snapshot_at,
        lag(snapshot_at) over (partition by community_id order by snapshot_at) as previous_snapshot_at
    from lists
)

select * from final
