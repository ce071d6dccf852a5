-- Warns, and does not stop the build, because the metrics rest on callbacks and member lists: names each owner whose
-- groups have over 5 % more or fewer members with us than with the platform on more than 7 days in a row among the
-- comparable ones. A lost callback is repaired by the next member list; what stays longer is a group whose member list
-- is not exported, one that changed its owner, or callbacks that no longer arrive: look at the owner's days in
-- group_statistics_reconciled, and export the group and member lists of all groups again.
{{ config(severity='warn') }}

with judge_days as (
    select
        owner_key,
        stat_date,
        member_difference,
        abs(member_difference) > 0.05 * platform_members as is_off
    from {{ ref('group_statistics_reconciled') }}
    where is_comparable
),

number_days as (
    select
        owner_key,
        stat_date,
        member_difference,
        is_off,
        row_number() over (partition by owner_key order by stat_date)
        - row_number() over (partition by owner_key, is_off order by stat_date) as run_number
    from judge_days
)

select
    owner_key,
    min(stat_date) as first_date,
    max(stat_date) as last_date,
    count(*) as days_in_a_row,
    min(member_difference) as lowest_member_difference,
    max(member_difference) as highest_member_difference
from number_days
where is_off
group by owner_key, run_number
having count(*) > 7
