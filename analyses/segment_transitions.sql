-- 分层人群每个月往哪里流动？
-- From which segment into which do people move from snapshot to snapshot?
--
-- Grain: one row per snapshot, segment before and segment now, at month ends and the last complete day.
-- How to read it: row_share is the share of those in the segment before who are in the other now; the shares of one
-- segment and snapshot add up to 1. High numbers where both are the same mean that little moves. Watch 普通复购 and
-- 忠实型 into 需求型 (buyers who stop), 需求型 back into the others (won back), and 观察期 into 低需求 (joined, never bought
-- again). 新进入 were not known at the snapshot before. The last snapshot may lie within a month: fewer days, fewer moves.
-- The numbers: mf query --metrics members_moved --group-by
--   metric_time__month,segment_move__from_segment_label,segment_move__to_segment_label
with moves as (
    select * from {{ ref('fct_segment_moves') }}
),

count_pairs as (
    select
        snapshot_date,
        from_segment_label,
        to_segment_label,
        count(*) as persons
    from moves
    group by snapshot_date, from_segment_label, to_segment_label
),

final as (
    select
        snapshot_date,
        from_segment_label,
        to_segment_label,
        persons,
        sum(persons) over (partition by snapshot_date, from_segment_label) as persons_before,
        round(persons / sum(persons) over (partition by snapshot_date, from_segment_label), 4) as row_share
    from count_pairs
)

select * from final
order by snapshot_date asc, from_segment_label asc, persons desc, to_segment_label asc
