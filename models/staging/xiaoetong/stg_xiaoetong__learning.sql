with accepted as (
    select *
    from {{ ref('base_xiaoetong__learning') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by course_id, learner_key, enroll_type
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        course_id,
        learner_key,
        enroll_type,
        enrolled_at,
        lessons_total,
        lessons_finished,
        finished_at,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
