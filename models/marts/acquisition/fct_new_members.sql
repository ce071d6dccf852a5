with new_members as (
    select * from {{ ref('int_first_memberships_picked') }}
    where is_new_member
),

community_days as (
    select * from {{ ref('int_community_days_spanned') }}
    where not coalesce(is_membership_unknown, false)
),

channel_days as (
    select * from {{ ref('int_membership_flows_counted') }}
),

active_days as (
    select * from {{ ref('int_person_days_active') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
    where is_valid
),

-- the only ad platform that reports how many persons saw an ad
exposure_export as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'tencent_ads__daily' and is_loaded
),

list_exposed_channels as (
    select distinct channel_id
    from {{ ref('stg_manual__channels') }}
    where source_system = 'tencent_ads'
),

-- outside these days a cohort cannot be judged; null where nothing is loaded
bound_days as (
    select
        (select min(date_day) from {{ ref('int_activity_days_spanned') }}) as first_activity_day,
        (select max(date_day) from {{ ref('int_activity_days_spanned') }}) as last_activity_day,
        (select min(first_day) from {{ ref('int_sales_bounded') }}) as first_sales_day,
        (select min(last_day) from {{ ref('int_sales_bounded') }}) as last_sales_day
),

find_first_orders as (
    select
        person_id,
        min(paid_at) as first_paid_at
    from orders
    group by person_id
),

date_ages as (
    select
        new_members.*,
        cast({{ dbt.dateadd('day', 7, 'new_members.joined_date') }} as date) as date_d7,
        cast({{ dbt.dateadd('day', 24, 'new_members.joined_date') }} as date) as date_d24,
        cast({{ dbt.dateadd('day', 30, 'new_members.joined_date') }} as date) as date_d30
    from new_members
    inner join community_days
        on new_members.community_id = community_days.community_id
        and new_members.joined_date = community_days.date_day
),

judge_maturity as (
    select
        date_ages.*,
        cast(
            date_ages.joined_date >= bound_days.first_sales_day and date_ages.date_d30 <= bound_days.last_sales_day
            as integer
        ) as matured_conversion_30d,
        cast(
            date_ages.date_d7 >= bound_days.first_activity_day and date_ages.date_d7 <= bound_days.last_activity_day
            as integer
        ) as matured_activity_d7,
        cast(
            date_ages.date_d24 >= bound_days.first_activity_day and date_ages.date_d30 <= bound_days.last_activity_day
            as integer
        ) as matured_activity_d30
    from date_ages
    cross join bound_days
),

judge_activity as (
    select
        date_ages.person_id,
        max(case when active_days.date_day = date_ages.date_d7 then 1 else 0 end) as active_d7,
        max(case when active_days.date_day >= date_ages.date_d24 then 1 else 0 end) as active_d30
    from date_ages
    inner join active_days
        on date_ages.person_id = active_days.person_id
        and date_ages.date_d7 <= active_days.date_day
        and date_ages.date_d30 >= active_days.date_day
    group by date_ages.person_id
),

judge_conversion as (
    select
        date_ages.person_id,
        1 as converted_30d
    from date_ages
    inner join find_first_orders
        on date_ages.person_id = find_first_orders.person_id
        and date_ages.joined_at <= find_first_orders.first_paid_at
        and date_ages.date_d30 >= cast(find_first_orders.first_paid_at as date)
),

gather_rows as (
    select
        judge_maturity.person_id as new_member_id,
        judge_maturity.community_id,
        judge_maturity.channel_id,
        judge_maturity.person_id,
        1 as new_members,
        judge_maturity.joined_date as first_joined_date,
        judge_maturity.matured_conversion_30d,
        judge_maturity.matured_activity_d7,
        judge_maturity.matured_activity_d30,
        judge_maturity.matured_conversion_30d * coalesce(judge_conversion.converted_30d, 0) as converted_30d,
        judge_maturity.matured_activity_d7 * coalesce(judge_activity.active_d7, 0) as active_d7,
        judge_maturity.matured_activity_d30 * coalesce(judge_activity.active_d30, 0) as active_d30
    from judge_maturity
    left join judge_activity on judge_maturity.person_id = judge_activity.person_id
    left join judge_conversion on judge_maturity.person_id = judge_conversion.person_id
    union all
    select
        {{ composite_key(["'empty'", 'community_id', 'channel_id', 'date_day']) }} as new_member_id,
        community_id,
        channel_id,
        null as person_id,
        0 as new_members,
        date_day as first_joined_date,
        null as matured_conversion_30d,
        null as matured_activity_d7,
        null as matured_activity_d30,
        null as converted_30d,
        null as active_d7,
        null as active_d30
    from channel_days
),

final as (
    select
        gather_rows.new_member_id,
        gather_rows.community_id,
        gather_rows.channel_id,
        gather_rows.person_id,
        gather_rows.new_members,
        gather_rows.matured_conversion_30d,
        gather_rows.converted_30d,
        gather_rows.matured_activity_d7,
        gather_rows.active_d7,
        gather_rows.matured_activity_d30,
        gather_rows.active_d30,
        gather_rows.first_joined_date,
        case
            when exposure_export.export_name is null then null
            when list_exposed_channels.channel_id is null then 0
            else gather_rows.new_members
        end as credited_new_members
    from gather_rows
    left join exposure_export
        on gather_rows.first_joined_date >= exposure_export.first_day
        and gather_rows.first_joined_date <= exposure_export.last_day
    left join list_exposed_channels on gather_rows.channel_id = list_exposed_channels.channel_id
)

select * from final
