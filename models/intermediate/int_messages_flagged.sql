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
with messages as not materialized (
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

-- Repeats and bursts are few: only messages whose sender said the same before, or much in that time, are sorted, and
-- sorting them all is what memory would not hold. Hashes of two keys may be equal: then one looks at more than needed.
list_recurring as (
    select hash(chat_id, sender_key, content_hash) as recurring_hash
    from messages
    where content_hash is not null
    group by hash(chat_id, sender_key, content_hash)
    having count(*) > 1
),

list_crowded as (
    select hash(chat_id, sender_key, floor(epoch(sent_at) / {{ var('effective_burst_seconds') }})) as crowded_hash
    from messages
    group by hash(chat_id, sender_key, floor(epoch(sent_at) / {{ var('effective_burst_seconds') }}))
    having count(*) > {{ var('effective_burst_messages') }}
),

list_suspects as (
    select message_id
    from messages
    where
        hash(chat_id, sender_key, content_hash) in (select list_recurring.recurring_hash from list_recurring)
        or hash(chat_id, sender_key, floor(epoch(sent_at) / {{ var('effective_burst_seconds') }}))
        in (select list_crowded.crowded_hash from list_crowded)
),

-- read twice, and too wide to be kept between
keep_messages as not materialized (
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
        ) as has_content
    from messages
    inner join communities on messages.chat_id = communities.community_id
    inner join identities on messages.sender_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    left join message_types on messages.message_type = message_types.msgtype
    left join list_recalls on messages.message_id = list_recalls.recalled_message_id
    cross join calendar
    where
        messages.action = 'send'
        and coalesce(message_types.is_message, true)
        and list_recalls.recalled_message_id is null
        -- no comparison for the planner: it takes those of a join to leave next to nothing, and would then hold all
        -- messages in memory to look up the persons in them
        and coalesce(
            cast(messages.sent_at as date) between calendar.history_start_date and calendar.as_of_date, false
        )
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
    where message_id in (select list_suspects.message_id from list_suspects)
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

list_repetitive as (
    select message_id
    from number_burst
    where is_repeat or number_in_burst > {{ var('effective_burst_messages') }}
),

read_with_consent as (
    select
        keep_messages.*,
        coalesce(keep_messages.has_content and list_repetitive.message_id is null, false) as is_effective,
        keep_messages.sender_role in ('staff', 'bot')
        or not consents_known.is_known
        -- who is not in the list, or not yet, has said nothing
        or coalesce(consents.agree_status, 'Default_Agree') in ({{ consenting }}) as is_readable
    from keep_messages
    left join list_repetitive on keep_messages.message_id = list_repetitive.message_id
    left join consents
        on keep_messages.person_id = consents.person_id
        and keep_messages.sent_at >= consents.valid_from
        and (consents.valid_to is null or keep_messages.sent_at < consents.valid_to)
    cross join consents_known
),

final as (
    select
        message_id,
        chat_id as community_id,
        person_id,
        sender_role,
        message_type,
        is_counted as is_from_customer,
        is_effective,
        coalesce(is_solitaire, false) as is_solitaire,
        is_readable,
        case when is_readable then polarity end as polarity,
        case when is_readable then terms end as terms,
        cast(sent_at as date) as sent_date,
        cast(extract(hour from sent_at) as integer) as sent_hour,
        sent_at
    from read_with_consent
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('sent_at') }}
    {%- endif %}
)

select * from final
