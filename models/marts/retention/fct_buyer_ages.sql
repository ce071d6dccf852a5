{%- set ages = range(30, 361, 30) -%}

with buyers as (
    select * from {{ ref('fct_buyers') }}
    where person_id is not null
),

sales as (
    select * from {{ ref('fct_sales') }}
    where buyer_person_id is not null
),

last_days as (
    select max(date_day) as last_date
    from {{ ref('int_sales_days_spanned') }}
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

-- a cohort is shown at an age once its youngest buyer could have reached it
list_complete_ages as (
    select date_ages.*
    from date_ages
    inner join last_days on date_ages.complete_from_date <= last_days.last_date
),

final as (
    select
        {{ composite_key(['list_complete_ages.person_id', 'list_complete_ages.age_days']) }} as buyer_age_id,
        list_complete_ages.person_id,
        list_complete_ages.community_id,
        list_complete_ages.channel_id,
        list_complete_ages.age_days,
        cast(sum(sales.net_amount) as decimal(18, 2)) as cumulative_net_amount,
        list_complete_ages.cohort_month
    from list_complete_ages
    inner join sales
        on list_complete_ages.person_id = sales.buyer_person_id
        and list_complete_ages.last_day_of_age >= sales.paid_date
    group by
        list_complete_ages.person_id,
        list_complete_ages.community_id,
        list_complete_ages.channel_id,
        list_complete_ages.age_days,
        list_complete_ages.cohort_month
)

select * from final
