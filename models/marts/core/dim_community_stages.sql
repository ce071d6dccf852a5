with communities as (
    select * from {{ ref('int_communities_described') }}
),

stages as (
    select * from {{ ref('int_community_stages_ranged') }}
),

number_stages as (
    select
        *,
        row_number() over (partition by community_id order by valid_from) as stage_number
    from stages
),

final as (
    select
        {{ composite_key(
            ['communities.community_id', 'coalesce(number_stages.stage_number, 1)']
        ) }} as community_stage_id,
        communities.community_id,
        communities.community_name,
        communities.community_type,
        coalesce(number_stages.lifecycle_stage, 'none') as lifecycle_stage,
        -- open to the past, so that nothing dated before the first counted day falls out of a join
        case
            when coalesce(number_stages.stage_number, 1) = 1 then cast('2000-01-01' as date)
            else number_stages.valid_from
        end as valid_from,
        number_stages.valid_to
    from communities
    left join number_stages on communities.community_id = number_stages.community_id
    union all
    select
        'unattributed|1' as community_stage_id,
        'unattributed' as community_id,
        '未归属' as community_name,
        'unattributed' as community_type,
        'none' as lifecycle_stage,
        cast('2000-01-01' as date) as valid_from,
        null as valid_to
)

select * from final
