{{ config(post_hook="{{ note_membership_changes() }}") }}

with spells as (
    select * from {{ ref('int_membership_spells_built') }}
),

channels as (
    select * from {{ ref('int_membership_channels_attributed') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

find_transfers as (
    select distinct
        leaving.community_id,
        leaving.person_id,
        leaving.spell_number
    from spells as leaving
    inner join spells as joining
        on leaving.person_id = joining.person_id
        and leaving.community_id != joining.community_id
        and not joining.is_join_unknown
        and joining.joined_at >= leaving.left_at - interval '{{ var("transfer_window_hours") }} hours'
        and joining.joined_at <= leaving.left_at + interval '{{ var("transfer_window_hours") }} hours'
    inner join communities as left_community on leaving.community_id = left_community.community_id
    inner join communities as joined_community on joining.community_id = joined_community.community_id
    where
        left_community.community_family = joined_community.community_family
        and leaving.leave_reason != 'dissolved'
),

final as (
    select
        {{ dbt.hash(
            composite_key(['spells.community_id', 'spells.person_id', 'spells.spell_number'])
        ) }} as membership_id,
        spells.community_id,
        spells.person_id,
        channels.channel_id,
        persons.role,
        case when find_transfers.person_id is not null then 'transferred' else spells.leave_reason end as leave_reason,
        persons.is_counted,
        spells.is_join_unknown,
        cast(spells.joined_at as date)
        < coalesce(communities.observed_from_date, calendar.history_start_date) as is_older_than_history,
        cast(spells.joined_at as date) as joined_date,
        cast(spells.left_at as date) as left_date,
        spells.joined_at,
        spells.left_at
    from spells
    inner join persons on spells.person_id = persons.person_id
    inner join channels
        on spells.community_id = channels.community_id
        and spells.person_id = channels.person_id
        and spells.spell_number = channels.spell_number
    left join find_transfers
        on spells.community_id = find_transfers.community_id
        and spells.person_id = find_transfers.person_id
        and spells.spell_number = find_transfers.spell_number
    left join communities on spells.community_id = communities.community_id
    cross join calendar
)

select * from final
