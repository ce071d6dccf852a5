-- What no single row shows: doubtful times, and keys with two values. The rows count all the same, until somebody has
-- looked.
with times as (
    select * from {{ ref('int_doubtful_times_found') }}
),

keys as (
    select * from {{ ref('int_doubtful_keys_found') }}
),

gather_doubts as (
    select * from times
    union all
    select * from keys
),

rank_doubts as (
    select
        *,
        row_number() over (
            partition by export_name, source_file, source_row, exported_at, problem_column
            order by problem_reason
        ) as doubt_number
    from gather_doubts
),

final as (
    select
        export_name,
        source_file,
        source_row,
        exported_at,
        problem_column,
        problem_value,
        problem_reason
    from rank_doubts
    where doubt_number = 1
)

select * from final
