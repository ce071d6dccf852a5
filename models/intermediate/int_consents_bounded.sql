-- What a person has said about the archive, collapsed to periods [valid_from, valid_to).
with consents as (
    select * from {{ ref('stg_wecom__consents') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

name_chats as (
    select
        -- somebody whom no other export knows stays in: that consents are loaded at all must not depend on him
        coalesce(identities.person_id, consents.customer_key) as person_id,
        -- each key of a person has its own word in each chat; a blank chat is the one with a member of the staff
        {{ composite_key(['consents.customer_key', "coalesce(consents.chat_id, '-')"]) }} as word_id,
        consents.agree_status,
        consents.changed_at
    from consents
    left join identities on consents.customer_key = identities.identity_key
),

bound_words as (
    select
        *,
        lead(changed_at) over (partition by person_id, word_id order by changed_at) as replaced_at
    from name_chats
),

list_changes as (
    select distinct
        person_id,
        changed_at
    from name_chats
),

-- of all that holds at once a refusal wins, then an agreement; silence (Default_Agree) undoes neither
weigh_words as (
    select
        list_changes.person_id,
        list_changes.changed_at,
        min(case bound_words.agree_status when 'Disagree' then 1 when 'Agree' then 2 else 3 end) as strictness
    from list_changes
    inner join bound_words
        on list_changes.person_id = bound_words.person_id
        and list_changes.changed_at >= bound_words.changed_at
        and (bound_words.replaced_at is null or list_changes.changed_at < bound_words.replaced_at)
    group by list_changes.person_id, list_changes.changed_at
),

mark_turns as (
    select
        *,
        lag(strictness) over (partition by person_id order by changed_at) as strictness_before
    from weigh_words
),

final as (
    select
        person_id,
        changed_at as valid_from,
        case strictness when 1 then 'Disagree' when 2 then 'Agree' else 'Default_Agree' end as agree_status,
        lead(changed_at) over (partition by person_id order by changed_at) as valid_to
    from mark_turns
    where strictness_before is null or strictness_before != strictness
)

select * from final
