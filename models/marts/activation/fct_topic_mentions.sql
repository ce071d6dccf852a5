{{ config(
    materialized='incremental',
    on_schema_change='append_new_columns',
    pre_hook="{{ open_days_of_messages(covered=true) }}",
    post_hook="{{ close_days_of_messages(covered=true) }}",
    **by_day('date_day'),
) }}

-- Days without a mention have no row here: no mention and too few speakers are both withheld.
with messages as (
    select * from {{ ref('int_messages_flagged') }}
    where
        is_effective
        and terms is not null
        {%- if is_incremental() %}
        and {{ is_on_rewritten_day('sent_date') }}
        {%- endif %}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

split_terms as (
    select
        messages.message_id,
        messages.community_id,
        messages.person_id,
        messages.polarity,
        messages.sent_date,
        {{ split_to_rows('messages.terms', ' ') }} as term
    from messages
    inner join exports on messages.sent_date >= exports.first_day and messages.sent_date <= exports.last_day
),

-- a message counts once per term, however often it says it
final as (
    select distinct
        {{ composite_key(['message_id', 'term']) }} as topic_mention_id,
        community_id,
        person_id,
        term,
        polarity,
        sent_date as date_day
    from split_terms
    where term != ''
)

select * from final
