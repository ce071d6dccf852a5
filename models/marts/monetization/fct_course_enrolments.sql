with enrolments as (
    select * from {{ ref('int_course_enrolments_resolved') }}
    where enroll_type = 'paid'
),

courses as (
    select * from {{ ref('stg_manual__courses') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'xiaoetong__learning' and is_loaded
),

judge_enrolments as (
    select
        enrolments.*,
        courses.course_name,
        courses.trial_chat_id,
        -- of a course that the list does not have nobody knows the end, of one that ends after the learning records
        -- nobody knows who finished it
        coalesce(
            courses.last_date <= calendar.as_of_date and courses.last_date <= exports.last_day, false
        ) as is_matured
    from enrolments
    cross join calendar
    cross join exports
    left join courses on enrolments.course_id = courses.course_id
),

final as (
    select
        {{ composite_key(['course_id', 'person_id']) }} as course_enrolment_id,
        course_id,
        coalesce(course_name, course_id) as course_name,
        coalesce(trial_chat_id, 'unattributed') as community_id,
        person_id,
        lessons_total,
        lessons_finished,
        1 as enrolments,
        case when is_matured then 1 else 0 end as matured_enrolments,
        case when is_matured and is_finished then 1 else 0 end as finished_enrolments,
        cast(enrolled_at as date) as enrolled_date,
        enrolled_at,
        finished_at
    from judge_enrolments
)

select * from final
