with accepted as (
    select *
    from {{ ref('base_scrm__campaign_reach') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by campaign_id, customer_key, campaign_action, acted_at
            order by exported_at desc, source_row asc
        ) as copy_number
    from accepted
),

final as (
    select
        campaign_id,
        customer_key,
        campaign_action,
        acted_at,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
