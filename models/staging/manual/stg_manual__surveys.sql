with accepted as (
    select *
    from {{ ref('base_manual__surveys') }}
    where problem_column is null
),

rank_copies as (
    select
        *,
        row_number() over (
            partition by survey_id
            order by exported_at desc, source_row desc
        ) as copy_number
    from accepted
),

final as (
    select
        survey_id,
        survey_name,
        chat_id,
        sent_date,
        surveys_sent,
        csat_question_id,
        nps_question_id,
        source_file,
        source_row,
        exported_at
    from rank_copies
    where copy_number = 1
)

select * from final
