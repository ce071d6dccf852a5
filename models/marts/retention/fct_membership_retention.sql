{%- set ages = [1, 7, 30] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ open_retention(" ~ ages ~ ") }}",
    post_hook="{{ close_retention() }}",
    meta={'ledger_items': ['person_id'], 'follows': {'int_memberships_described': 'self'}},
) }}

with memberships as (
    select * from {{ ref('int_memberships_described') }}
    where
        is_counted
        {%- if is_incremental() %}
        and {{ is_touched_item() }}
        {%- endif %}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

-- one list of present members alone would show everybody retained: leaves need callbacks or a second snapshot
leave_evidence as (
    select {{ are_leaves_evidenced() }} as is_complete
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

date_ages as (
    select
        list_cohort.membership_id,
        list_cohort.community_id,
        list_cohort.person_id,
        list_cohort.joined_at,
        {% for age in ages -%}
        cast({{ dbt.dateadd('day', age, 'list_cohort.joined_date') }} as date) as date_d{{ age }},
        {% endfor -%}
        coalesce(calendar.members_last_date, calendar.as_of_date) as members_last_date
    from list_cohort
    cross join calendar
),

judge_ages as (
    select
        {% for age in ages -%}
        max(case when date_ages.date_d{{ age }} <= date_ages.members_last_date then 1 else 0 end) as matured_d{{ age }},
        max(
            case
                when
                    date_ages.date_d{{ age }} <= date_ages.members_last_date
                    and date_ages.date_d{{ age }} >= later.joined_date
                    and (later.left_date is null or later.left_date > date_ages.date_d{{ age }})
                    then 1
                else 0
            end
        ) as retained_d{{ age }},
        {% endfor -%}
        date_ages.membership_id
    from date_ages
    -- a return after the grace is a later spell of the same person in the same community and counts as retained
    inner join memberships as later
        on date_ages.community_id = later.community_id
        and date_ages.person_id = later.person_id
        and date_ages.joined_at <= later.joined_at
    group by date_ages.membership_id
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
