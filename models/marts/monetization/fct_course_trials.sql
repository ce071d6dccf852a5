with courses as (
    select * from {{ ref('stg_manual__courses') }}
),

memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted and not is_older_than_history and not is_join_unknown
),

enrolments as (
    select * from {{ ref('int_course_enrolments_resolved') }}
    where enroll_type = 'paid'
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'xiaoetong__learning' and is_loaded
),

number_joins as (
    select
        courses.course_id,
        courses.course_name,
        memberships.community_id,
        memberships.person_id,
        memberships.channel_id,
        memberships.joined_at,
        memberships.joined_date,
        row_number() over (
            partition by courses.course_id, memberships.person_id
            order by memberships.joined_at
        ) as join_number
    from courses
    inner join memberships on courses.trial_chat_id = memberships.community_id
    -- of who joined after the learning records end nobody knows whether he bought
    inner join exports on memberships.joined_date <= exports.last_day
),

final as (
    select
        {{ composite_key(['number_joins.course_id', 'number_joins.person_id']) }} as course_trial_id,
        number_joins.course_id,
        coalesce(number_joins.course_name, number_joins.course_id) as course_name,
        number_joins.community_id,
        number_joins.channel_id,
        number_joins.person_id,
        1 as trial_members,
        case when enrolments.last_enrolled_at >= number_joins.joined_at then 1 else 0 end as converted_members,
        number_joins.joined_date,
        number_joins.joined_at,
        enrolments.last_enrolled_at as enrolled_at
    from number_joins
    left join enrolments
        on number_joins.course_id = enrolments.course_id
        and number_joins.person_id = enrolments.person_id
    where number_joins.join_number = 1
)

select * from final
