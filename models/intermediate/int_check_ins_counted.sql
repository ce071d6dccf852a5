-- A pull says only how often so far: a check-in is the rise since the person's pull before,
-- dated by the latest check-in of the pull that shows it.
with states as (
    select * from {{ ref('stg_weiban__check_ins') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
    where is_counted
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'weiban__check_ins'
),

compare_pulls as (
    select
        *,
        coalesce(
            lag(total_days) over (partition by activity_id, customer_key order by exported_at), 0
        ) as days_before,
        min(exported_at) over (partition by activity_id) as first_pulled_at
    from states
),

count_rises as (
    select
        *,
        -- how many of the days of a first pull are new is unknown, but for its latest check-in
        case when exported_at = first_pulled_at then 1 else total_days - days_before end as check_ins
    from compare_pulls
    where last_check_in_at is not null and phase != 'first_entry'
),

final as (
    select
        {{ composite_key([
            'count_rises.activity_id', 'count_rises.customer_key', 'count_rises.exported_at',
        ]) }} as check_in_id,
        count_rises.activity_id,
        communities.community_id,
        persons.person_id,
        cast(count_rises.check_ins as integer) as check_ins,
        count_rises.last_check_in_at as checked_in_at,
        cast(count_rises.last_check_in_at as date) as date_day
    from count_rises
    inner join communities on count_rises.chat_id = communities.community_id
    inner join identities on count_rises.customer_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    cross join calendar
    cross join exports
    where
        count_rises.check_ins > 0
        and cast(count_rises.last_check_in_at as date) >= calendar.history_start_date
        and cast(count_rises.last_check_in_at as date) <= least(calendar.as_of_date, exports.last_day)
)

select * from final
