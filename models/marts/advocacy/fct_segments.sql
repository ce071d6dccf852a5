-- A view on purpose: each person has a line for every segment, so that a share finds its denominator
-- beside its numerator.
{{ config(materialized='view') }}

with segments as (
    select * from {{ ref('int_segments_judged') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

user_segments as (
    select * from {{ ref('user_segments') }}
    where user_segment != 'not_profiled'
),

place_persons as (
    select distinct
        segments.snapshot_date,
        segments.person_id,
        segments.user_segment,
        coalesce(memberships.community_id, 'unattributed') as community_id
    from segments
    left join memberships
        on segments.person_id = memberships.person_id
        and segments.snapshot_date >= memberships.joined_date
        and (memberships.left_date is null or segments.snapshot_date < memberships.left_date)
),

judge_persons as (
    select
        place_persons.*,
        user_segments.is_classified
    from place_persons
    inner join user_segments on place_persons.user_segment = user_segments.user_segment
),

final as (
    select
        judge_persons.person_id,
        judge_persons.community_id,
        user_segments.user_segment,
        user_segments.label_zh as user_segment_label,
        user_segments.is_classified as is_classified_segment,
        judge_persons.is_classified as is_classified_person,
        judge_persons.snapshot_date,
        judge_persons.user_segment = user_segments.user_segment as is_in_segment
    from judge_persons
    cross join user_segments
)

select * from final
