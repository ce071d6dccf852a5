{%- set consenting = "'Agree', 'Default_Agree'" if var('accept_default_agree') else "'Agree'" -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ open_flagged_messages() }}",
    post_hook="{{ close_flagged_messages() }}",
    meta={'whole_inputs': ['message_types']},
) }}

-- Messages sent in communities and not taken back, with the effective-message rule applied. Who has not agreed to the
-- archive is counted, not read: what the words say is null.
with messages as (
    select * from {{ ref('stg_wecom__messages') }}
    {%- if is_incremental() %}
    where {{ is_on_touched_day('sent_at') }}
    {%- endif %}
),

message_types as (
    select * from {{ ref('message_types') }}
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

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

consents as (
    select * from {{ ref('int_consents_bounded') }}
),

-- without a list of consents the archive is taken at its word: it holds nobody who has not agreed
consents_known as (
    select count(*) > 0 as is_known
    from consents
),

list_recalls as (
    select distinct recalled_message_id
    from {{ ref('stg_wecom__messages') }}
    where action = 'recall'
),

keep_messages as (
    select
        messages.*,
        identities.person_id,
        persons.role as sender_role,
        persons.is_counted,
        persons.is_counted
        and (
            (
                coalesce(message_types.is_text, false)
                and messages.text_length >= {{ var('effective_min_text_length') }}
                and not coalesce(messages.is_solitaire, false)
                and not coalesce(messages.is_stop_phrase, false)
            )
            or (messages.message_type = 'voice' and messages.voice_seconds >= {{ var('effective_min_voice_seconds') }})
            {% if var('effective_count_media') -%}
            or coalesce(message_types.is_media, false)
            {%- endif %}
        ) as has_content,
        persons.role in ('staff', 'bot')
        or not consents_known.is_known
        -- who is not in the list, or not yet, has said nothing
        or coalesce(consents.agree_status, 'Default_Agree') in ({{ consenting }}) as is_readable
    from messages
    inner join communities on messages.chat_id = communities.community_id
    inner join identities on messages.sender_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    left join message_types on messages.message_type = message_types.msgtype
    left join list_recalls on messages.message_id = list_recalls.recalled_message_id
    left join consents
        on identities.person_id = consents.person_id
        and messages.sent_at >= consents.valid_from
        and (consents.valid_to is null or messages.sent_at < consents.valid_to)
    cross join consents_known
    cross join calendar
    where
        messages.action = 'send'
        and coalesce(message_types.is_message, true)
        and list_recalls.recalled_message_id is null
        and cast(messages.sent_at as date) >= calendar.history_start_date
        and cast(messages.sent_at as date) <= calendar.as_of_date
),

mark_repeats as (
    select
        *,
        coalesce(
            has_content
            and content_hash is not null
            and sent_at <= lag(sent_at) over (
                partition by chat_id, sender_key, content_hash, has_content
                order by sent_at, message_id
            ) + interval '{{ var("effective_repeat_hours") }} hours',
            false
        ) as is_repeat
    from keep_messages
),

number_burst as (
    select
        *,
        row_number() over (
            partition by
                chat_id,
                sender_key,
                has_content and not is_repeat,
                floor(epoch(sent_at) / {{ var('effective_burst_seconds') }})
            order by sent_at, message_id
        ) as number_in_burst
    from mark_repeats
),

final as (
    select
        message_id,
        chat_id as community_id,
        person_id,
        sender_role,
        message_type,
        is_counted as is_from_customer,
        coalesce(
            has_content and not is_repeat and number_in_burst <= {{ var('effective_burst_messages') }},
            false
        ) as is_effective,
        coalesce(is_solitaire, false) as is_solitaire,
        is_readable,
        case when is_readable then polarity end as polarity,
        case when is_readable then terms end as terms,
        cast(sent_at as date) as sent_date,
        cast(extract(hour from sent_at) as integer) as sent_hour,
        sent_at
    from number_burst
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('sent_at') }}
    {%- endif %}
)

select * from final
