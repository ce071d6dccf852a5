with campaigns as (
    select * from {{ ref('int_campaigns_bounded') }}
),

final as (
    select
        campaign_id,
        campaign_name,
        campaign_type,
        is_started,
        starts_at,
        ends_at,
        window_starts_at,
        window_ends_at,
        community_id
    from campaigns
    union all
    select
        'unattributed' as campaign_id,
        '未归属' as campaign_name,
        'unattributed' as campaign_type,
        false as is_started,
        null as starts_at,
        null as ends_at,
        null as window_starts_at,
        null as window_ends_at,
        'unattributed' as community_id
)

select * from final
