-- Every counted person seen by the snapshot date is in exactly one segment.
with count_segments as (
    select
        snapshot_date,
        person_id,
        count(distinct user_segment) as segments
    from {{ ref('fct_segments') }}
    where is_in_segment
    group by snapshot_date, person_id
)

select
    inputs.snapshot_date,
    inputs.person_id,
    count_segments.segments
from {{ ref('int_segment_inputs_measured') }} as inputs
left join count_segments
    on inputs.snapshot_date = count_segments.snapshot_date
    and inputs.person_id = count_segments.person_id
where coalesce(count_segments.segments, 0) != 1
