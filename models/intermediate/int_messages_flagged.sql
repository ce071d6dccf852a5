{%- set consenting = "'Agree', 'Default_Agree'" if var('accept_default_agree') else "'Agree'" -%}
{{ config(
    materialized='incremental',
    pre_hook="{{ open_flagged_messages() }}",
    post_hook="{{ close_flagged_messages() }}",
    **by_day('sent_date'),
) }}

-- Messages sent in communities, with the effective-message rule applied. Who has not agreed to the archive is counted,
-- not read: what the words say is null.
with messages as (
    select * from {{ ref('int_messages_sent') }}
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('sent_date') }}
    {%- endif %}
),

repeated as (
    select * from {{ ref('int_messages_repeated') }}
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('sent_date') }}
    {%- endif %}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
),

consents as (
    select * from {{ ref('int_consents_bounded') }}
),

-- without a list of consents the archive is taken at its word: it holds nobody who has not agreed
consents_known as (
    select count(*) > 0 as is_known
    from consents
),

judge_messages as (
    select
        messages.*,
        identities.person_id,
        persons.role as sender_role,
        persons.is_counted as is_from_customer,
        persons.is_counted and messages.has_content and repeated.message_id is null as is_effective,
        persons.role in ('staff', 'bot')
        or not consents_known.is_known
        -- who is not in the list, or not yet, has said nothing
        or coalesce(consents.agree_status, 'Default_Agree') in ({{ consenting }}) as is_readable
    from messages
    inner join communities on messages.community_id = communities.community_id
    inner join identities on messages.sender_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    left join repeated on messages.message_id = repeated.message_id
    left join consents
        on persons.person_id = consents.person_id
        and messages.sent_at >= consents.valid_from
        and (consents.valid_to is null or messages.sent_at < consents.valid_to)
    cross join consents_known
),

final as (
    select
        message_id,
        community_id,
        person_id,
        sender_role,
        message_type,
        is_from_customer,
        is_effective,
        is_solitaire,
        is_readable,
        sent_date,
        sent_at,
        cast(extract(hour from sent_at) as integer) as sent_hour,
        case when is_readable then polarity end as polarity,
        case when is_readable then terms end as terms
    from judge_messages
)

select * from final
