-- The moves out of a segment are all its persons at the snapshot before, the moves into it all its persons at this one.
with moves as (
    select * from {{ ref('fct_segment_moves') }}
),

segments as (
    select * from {{ ref('int_segments_judged') }}
),

pair_snapshots as (
    select
        snapshot_date,
        lag(snapshot_date) over (order by snapshot_date) as previous_date
    from (select distinct snapshot_date from segments) as snapshots
),

count_sides as (
    select
        snapshot_date,
        'from' as side,
        from_segment as user_segment,
        count(*) as moved,
        0 as judged
    from moves
    where from_segment != 'entered'
    group by snapshot_date, from_segment
    union all
    select
        snapshot_date,
        'to' as side,
        to_segment as user_segment,
        count(*) as moved,
        0 as judged
    from moves
    where to_segment != 'exited'
    group by snapshot_date, to_segment
    union all
    select
        pair_snapshots.snapshot_date,
        'from' as side,
        segments.user_segment,
        0 as moved,
        count(*) as judged
    from segments
    inner join pair_snapshots on segments.snapshot_date = pair_snapshots.previous_date
    group by pair_snapshots.snapshot_date, segments.user_segment
    union all
    select
        segments.snapshot_date,
        'to' as side,
        segments.user_segment,
        0 as moved,
        count(*) as judged
    from segments
    inner join pair_snapshots
        on segments.snapshot_date = pair_snapshots.snapshot_date
        and pair_snapshots.previous_date is not null
    group by segments.snapshot_date, segments.user_segment
)

select
    snapshot_date,
    side,
    user_segment,
    sum(moved) as moved,
    sum(judged) as judged
from count_sides
group by snapshot_date, side, user_segment
having sum(moved) != sum(judged)
