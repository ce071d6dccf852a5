{{ config(
    post_hook="{{ note_table_changes() }}",
    meta={'ledger_items': ['invitee_person_id'], 'ledger_kinds': {'inviters': 'inviter_person_id'}},
) }}

-- Each invited person is credited to one inviter, the first; the referral succeeds with a first valid order after it.
with referrals as (
    select * from {{ ref('stg_referral__records') }}
    where invite_status = 'joined'
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
),

orders as (
    select * from {{ ref('int_orders_resolved') }}
),

name_persons as (
    select
        inviters.person_id as inviter_person_id,
        invitees.person_id as invitee_person_id,
        referrals.inviter_key,
        referrals.invite_code,
        referrals.invited_at
    from referrals
    inner join identities as inviters on referrals.inviter_key = inviters.identity_key
    inner join identities as invitees on referrals.invitee_key = invitees.identity_key
    inner join persons on inviters.person_id = persons.person_id
    where inviters.person_id != invitees.person_id and persons.is_counted
),

rank_invitations as (
    select
        *,
        row_number() over (
            partition by invitee_person_id
            order by invited_at asc nulls last, inviter_key asc
        ) as invitation_number
    from name_persons
),

find_first_orders as (
    select
        person_id,
        min(paid_at) as first_paid_at
    from orders
    where is_valid
    group by person_id
),

final as (
    select
        rank_invitations.invitee_person_id,
        rank_invitations.inviter_person_id,
        rank_invitations.invite_code,
        rank_invitations.invited_at,
        case
            when find_first_orders.first_paid_at >= rank_invitations.invited_at then find_first_orders.first_paid_at
        end as succeeded_at
    from rank_invitations
    left join find_first_orders on rank_invitations.invitee_person_id = find_first_orders.person_id
    where rank_invitations.invitation_number = 1
)

select * from final
