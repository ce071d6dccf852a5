with communities as (
    select * from {{ ref('int_communities_described') }}
),

stages as (
    select * from {{ ref('dim_community_stages') }}
    where valid_to is null
),

community_types as (
    select * from {{ ref('community_types') }}
),

lifecycle_stages as (
    select * from {{ ref('lifecycle_stages') }}
),

final as (
    select
        stages.community_id,
        stages.community_name,
        stages.community_type,
        communities.community_family,
        communities.owner_key as owner_staff_key,
        stages.lifecycle_stage as current_lifecycle_stage,
        cast(communities.created_at as date) as created_date,
        cast(communities.dissolved_at as date) as dissolved_date,
        coalesce(community_types.label_zh, stages.community_type) as community_type_label,
        coalesce(lifecycle_stages.label_zh, stages.lifecycle_stage) as current_lifecycle_stage_label,
        coalesce(communities.is_short_lived, false) as is_short_lived
    from stages
    left join communities on stages.community_id = communities.community_id
    left join community_types on stages.community_type = community_types.community_type
    left join lifecycle_stages on stages.lifecycle_stage = lifecycle_stages.lifecycle_stage
)

select * from final
