{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ open_buyer_ages() }}",
    post_hook="{{ close_items() }}",
    meta={
        'ledger_items': ['person_id'],
        'follows': {'fct_buyers': 'persons', 'int_sales_measured': 'persons'},
    },
) }}
{%- set ages = range(30, 361, 30) -%}

with buyers as (
    select * from {{ ref('fct_buyers') }}
    where
        person_id is not null
        {%- if is_incremental() %}
        and {{ is_touched_item() }}
        {%- endif %}
),

sales as (
    select * from {{ ref('fct_sales') }}
    where
        buyer_person_id is not null
        {%- if is_incremental() %}
        and {{ is_touched_item('buyer_person_id') }}
        {%- endif %}
),

last_days as (
    select last_day as last_date
    from {{ ref('int_sales_bounded') }}
),

date_ages as (
    {% for age in ages %}
    select
        person_id,
        community_id,
        channel_id,
        {{ age }} as age_days,
        cohort_month,
        cast({{ dbt.dateadd('day', age, 'first_paid_date') }} as date) as last_day_of_age,
        cast({{ dbt.dateadd('day', age, dbt.last_day('first_paid_date', 'month')) }} as date) as complete_from_date
    from buyers
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- a cohort is complete at an age once its youngest buyer could have reached it; the others keep their rows, so that a
-- quarter of which one month is complete is not taken for that month
judge_ages as (
    select
        date_ages.*,
        coalesce(date_ages.complete_from_date <= last_days.last_date, false) as is_complete
    from date_ages
    cross join last_days
),

final as (
    select
        {{ composite_key(['judge_ages.person_id', 'judge_ages.age_days']) }} as buyer_age_id,
        judge_ages.person_id,
        judge_ages.community_id,
        judge_ages.channel_id,
        judge_ages.age_days,
        judge_ages.is_complete,
        cast(
            case when judge_ages.is_complete then sum(sales.net_amount) end as decimal(18, 2)
        ) as cumulative_net_amount,
        judge_ages.cohort_month
    from judge_ages
    inner join sales
        on judge_ages.person_id = sales.buyer_person_id
        and judge_ages.last_day_of_age >= sales.paid_date
    group by
        judge_ages.person_id,
        judge_ages.community_id,
        judge_ages.channel_id,
        judge_ages.age_days,
        judge_ages.is_complete,
        judge_ages.cohort_month
)

select * from final
