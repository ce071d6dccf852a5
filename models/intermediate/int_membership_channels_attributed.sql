{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_channels() }}",
    post_hook="{{ close_channels() }}",
    meta={
        'ledger_items': ['person_id'],
        'follows': {'int_membership_spells_built': 'self', 'int_identities_resolved': 'persons'},
    },
) }}

-- The channel of a spell: the code of the QR code it began with, else the code of the contact that came before it.
with spells as (
    select * from {{ ref('int_membership_spells_built') }}
    {%- if is_incremental() %}
    where {{ is_touched_item() }}
    {%- endif %}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
    {%- if is_incremental() %}
    where {{ is_touched_item() }}
    {%- endif %}
),

channels as (
    select * from {{ ref('stg_manual__channels') }}
),

rank_snapshot_codes as (
    select
        spells.community_id,
        spells.person_id,
        spells.spell_number,
        members.state,
        row_number() over (
            partition by spells.community_id, spells.person_id, spells.spell_number
            order by members.exported_at desc, members.member_key asc
        ) as code_rank
    from spells
    inner join identities on spells.person_id = identities.person_id
    inner join {{ ref('stg_wecom__group_members') }} as members
        on identities.identity_key = members.member_key
        and spells.community_id = members.chat_id
        and spells.joined_at <= members.joined_at
        and (spells.left_at is null or spells.left_at > members.joined_at)
    where members.state is not null
),

rank_contact_codes as (
    select
        spells.community_id,
        spells.person_id,
        spells.spell_number,
        customers.state,
        row_number() over (
            partition by spells.community_id, spells.person_id, spells.spell_number
            order by customers.added_at, customers.customer_key, customers.follower_key
        ) as code_rank
    from spells
    inner join identities on spells.person_id = identities.person_id
    inner join {{ ref('stg_wecom__customers') }} as customers
        on identities.identity_key = customers.customer_key
        and spells.joined_at >= customers.added_at
    where customers.state is not null
),

final as (
    select
        spells.community_id,
        spells.person_id,
        spells.spell_number,
        coalesce(channels.channel_id, 'unattributed') as channel_id
    from spells
    left join rank_snapshot_codes
        on spells.community_id = rank_snapshot_codes.community_id
        and spells.person_id = rank_snapshot_codes.person_id
        and spells.spell_number = rank_snapshot_codes.spell_number
        and rank_snapshot_codes.code_rank = 1
    left join rank_contact_codes
        on spells.community_id = rank_contact_codes.community_id
        and spells.person_id = rank_contact_codes.person_id
        and spells.spell_number = rank_contact_codes.spell_number
        and rank_contact_codes.code_rank = 1
    left join channels on coalesce(rank_snapshot_codes.state, rank_contact_codes.state) = channels.state
)

select * from final
