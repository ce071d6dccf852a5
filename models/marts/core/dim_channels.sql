with codes as (
    select * from {{ ref('stg_manual__channels') }}
),

final as (
    select
        channel_id,
        min(channel_name) as channel_name,
        min(channel_type) as channel_type,
        bool_or(coalesce(source_system in ('tencent_ads', 'oceanengine'), false)) as is_exposure_measured
    from codes
    group by channel_id
    union all
    select
        'unattributed' as channel_id,
        '未归因' as channel_name,
        'unattributed' as channel_type,
        false as is_exposure_measured
)

select * from final
