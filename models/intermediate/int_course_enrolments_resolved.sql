-- A learner may be known by his customer key and by his union key: of one course he is one enrolment of each kind.
with learning as (
    select * from {{ ref('stg_xiaoetong__learning') }}
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

final as (
    select
        learning.course_id,
        persons.person_id,
        learning.enroll_type,
        max(learning.lessons_total) as lessons_total,
        max(learning.lessons_finished) as lessons_finished,
        max(
            case
                when
                    learning.lessons_finished >= learning.lessons_total
                    and cast(learning.finished_at as date) <= calendar.as_of_date
                    then 1
                else 0
            end
        ) = 1 as is_finished,
        min(learning.enrolled_at) as enrolled_at,
        max(learning.enrolled_at) as last_enrolled_at,
        min(learning.finished_at) as finished_at
    from learning
    inner join identities on learning.learner_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    cross join calendar
    where cast(learning.enrolled_at as date) <= calendar.as_of_date
    group by learning.course_id, persons.person_id, learning.enroll_type
)

select * from final
