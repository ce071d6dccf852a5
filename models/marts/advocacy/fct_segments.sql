-- A view on purpose: each person has a line for every pair of segment and loyalty tier, so that a share finds its
-- denominator beside its numerator.
{{ config(materialized='view') }}

with segments as (
    select * from {{ ref('int_segments_judged') }}
),

tiers as (
    select * from {{ ref('int_loyalty_tiers_judged') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

choices as (
    select count(*) > 0 as are_known
    from {{ ref('int_profiling_choices_bounded') }}
),

-- without a list of choices nobody is known to have opted out: no line, rather than 0
user_segments as (
    select user_segments.*
    from {{ ref('user_segments') }} as user_segments
    cross join choices
    where user_segments.user_segment != 'not_profiled' or choices.are_known
),

loyalty_tiers as (
    select * from {{ ref('loyalty_tiers') }}
),

place_persons as (
    select distinct
        segments.snapshot_date,
        segments.person_id,
        segments.user_segment,
        tiers.loyalty_tier,
        coalesce(memberships.community_id, 'unattributed') as community_id
    from segments
    inner join tiers
        on segments.snapshot_date = tiers.snapshot_date
        and segments.person_id = tiers.person_id
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
        loyalty_tiers.loyalty_tier,
        loyalty_tiers.label_zh as loyalty_tier_label,
        user_segments.is_classified as is_classified_segment,
        judge_persons.is_classified as is_classified_person,
        judge_persons.snapshot_date,
        judge_persons.user_segment = user_segments.user_segment
        and judge_persons.loyalty_tier = loyalty_tiers.loyalty_tier as is_in_segment
    from judge_persons
    cross join user_segments
    -- who is not profiled has neither; no other pair with it can be
    inner join loyalty_tiers
        on (user_segments.user_segment = 'not_profiled') = (loyalty_tiers.loyalty_tier = 'not_profiled')
)

select * from final
