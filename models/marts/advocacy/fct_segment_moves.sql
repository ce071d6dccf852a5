{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ open_snapshots('int_segments_judged') }}",
    post_hook="{{ close_snapshots('int_segments_judged') }}",
    meta={
        'ledger_items': ['person_id'],
        'follows': {'int_segments_judged': 'self'},
        'whole_inputs': ['user_segments'],
    },
) }}

with segments as (
    select * from {{ ref('int_segments_judged') }}
),

user_segments as (
    select * from {{ ref('user_segments') }}
),

list_snapshots as (
    select distinct snapshot_date
    from segments
),

pair_snapshots as (
    select
        snapshot_date,
        lag(snapshot_date) over (order by snapshot_date) as previous_date
    from list_snapshots
),

list_befores as (
    select
        pair_snapshots.snapshot_date,
        segments.person_id,
        segments.user_segment
    from pair_snapshots
    inner join segments on pair_snapshots.previous_date = segments.snapshot_date
    {%- if is_incremental() %}
    where {{ is_touched_snapshot('pair_snapshots.snapshot_date', 'segments.person_id') }}
    {%- endif %}
),

-- before the first snapshot nobody was judged: that is unknown, not entered
list_afters as (
    select
        segments.snapshot_date,
        segments.person_id,
        segments.user_segment
    from segments
    inner join pair_snapshots
        on segments.snapshot_date = pair_snapshots.snapshot_date
        and pair_snapshots.previous_date is not null
    {%- if is_incremental() %}
    where {{ is_touched_snapshot('pair_snapshots.snapshot_date', 'segments.person_id') }}
    {%- endif %}
),

name_moves as (
    select
        coalesce(list_afters.person_id, list_befores.person_id) as person_id,
        coalesce(list_befores.user_segment, 'entered') as from_segment,
        coalesce(list_afters.user_segment, 'exited') as to_segment,
        coalesce(list_afters.snapshot_date, list_befores.snapshot_date) as snapshot_date
    from list_afters
    full outer join list_befores
        on list_afters.snapshot_date = list_befores.snapshot_date
        and list_afters.person_id = list_befores.person_id
),

final as (
    select
        {{ composite_key(['name_moves.person_id', 'name_moves.snapshot_date']) }} as segment_move_id,
        name_moves.person_id,
        name_moves.from_segment,
        coalesce(befores.label_zh, '新进入') as from_segment_label,
        name_moves.to_segment,
        coalesce(afters.label_zh, '退出') as to_segment_label,
        name_moves.from_segment != name_moves.to_segment
        -- to opt out of profiling, or back in, is a choice and no change of behaviour
        and 'not_profiled' not in (name_moves.from_segment, name_moves.to_segment) as is_move,
        name_moves.snapshot_date
    from name_moves
    left join user_segments as befores on name_moves.from_segment = befores.user_segment
    left join user_segments as afters on name_moves.to_segment = afters.user_segment
)

select * from final
