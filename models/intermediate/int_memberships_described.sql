{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_memberships() }}",
    post_hook="{{ close_memberships() }}",
    meta={
        'ledger_items': ['person_id'],
        'follows': {
            'int_membership_spells_built': 'self',
            'int_membership_channels_attributed': 'self',
            'int_persons_classified': 'self',
        },
    },
) }}

with spells as (
    select * from {{ ref('int_membership_spells_built') }}
    {%- if is_incremental() %}
    where {{ is_touched_item() }}
    {%- endif %}
),

channels as (
    select * from {{ ref('int_membership_channels_attributed') }}
),

transfers as (
    select * from {{ ref('int_membership_transfers_found') }}
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

final as (
    select
        {{ dbt.hash(
            composite_key(['spells.community_id', 'spells.person_id', 'spells.spell_number'])
        ) }} as membership_id,
        spells.community_id,
        spells.person_id,
        channels.channel_id,
        persons.role,
        case when transfers.person_id is not null then 'transferred' else spells.leave_reason end as leave_reason,
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
    left join transfers
        on spells.community_id = transfers.community_id
        and spells.person_id = transfers.person_id
        and spells.spell_number = transfers.spell_number
    left join communities on spells.community_id = communities.community_id
    cross join calendar
)

select * from final
