-- The days on which a community can be counted: from its creation or the first export that shows its members
-- to its dissolution or the last day of which members are known.
with communities as (
    select * from {{ ref('int_communities_described') }}
),

dates as (
    select * from {{ ref('int_dates_spanned') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

final as (
    select
        communities.community_id,
        dates.date_day,
        -- neither lists nor callbacks of members: who is inside is not known, which is not zero
        calendar.history_start_date is null as is_membership_unknown
    from communities
    cross join calendar
    inner join dates
        on dates.date_day >= greatest(
            cast(communities.created_at as date),
            coalesce(communities.observed_from_date, calendar.history_start_date)
        )
        and dates.date_day <= least(
            coalesce(cast(communities.dissolved_at as date), calendar.as_of_date),
            coalesce(calendar.members_last_date, calendar.as_of_date)
        )
)

select * from final
