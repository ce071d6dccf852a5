with campaigns as (
    select * from {{ ref('stg_manual__campaigns') }}
),

final as (
    select
        campaign_id,
        campaign_name,
        campaign_type_zh as campaign_type,
        starts_at,
        ends_at,
        coalesce(chat_id, 'unattributed') as community_id
    from campaigns
)

select * from final
