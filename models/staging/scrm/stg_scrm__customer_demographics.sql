with accepted as (
    select *
    from {{ ref('base_scrm__customer_demographics') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by customer_key
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        customer_key,
        age_band,
        gender,
        region,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
