{%- set ages = [1, 7, 30] -%}

with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where is_counted
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

-- one list of present members alone would show everybody retained: leaves need callbacks or a second snapshot
leave_evidence as (
    select
        (select count(*) from {{ ref('stg_wecom__group_events') }}) > 0
        or (select count(distinct exported_at) from {{ ref('stg_wecom__group_members') }}) > 1 as is_complete
),

list_cohort as (
    select memberships.*
    from memberships
    cross join leave_evidence
    where
        leave_evidence.is_complete
        and not memberships.is_older_than_history
        and not memberships.is_join_unknown
),

judge_ages as (
    select
        list_cohort.membership_id,
        {% for age in ages -%}
        {% set age_date -%} cast({{ dbt.dateadd('day', age, 'list_cohort.joined_date') }} as date) {%- endset -%}
        max(case when {{ age_date }} <= calendar.as_of_date then 1 else 0 end) as matured_d{{ age }},
        max(case
            when
                {{ age_date }} <= calendar.as_of_date
                and later.joined_date <= {{ age_date }}
                and (later.left_date is null or later.left_date > {{ age_date }})
                then 1
            else 0
        end) as retained_d{{ age }}{{ ',' if not loop.last }}
        {% endfor %}
    from list_cohort
    cross join calendar
    -- a return after the grace is a later spell of the same person in the same community and counts as retained
    inner join memberships as later
        on list_cohort.community_id = later.community_id
        and list_cohort.person_id = later.person_id
        and list_cohort.joined_at <= later.joined_at
    group by list_cohort.membership_id
),

final as (
    select
        list_cohort.membership_id,
        list_cohort.community_id,
        list_cohort.person_id,
        list_cohort.channel_id,
        {% for age in ages -%}
        judge_ages.matured_d{{ age }},
        judge_ages.retained_d{{ age }},
        {% endfor -%}
        list_cohort.joined_date
    from list_cohort
    inner join judge_ages on list_cohort.membership_id = judge_ages.membership_id
)

select * from final
