{{ config(
    materialized='incremental',
    pre_hook="{{ open_days_of_messages(covered=true) }}",
    post_hook="{{ close_days_of_messages(covered=true) }}",
    **by_day('date_day'),
) }}

-- the day on which the archive was exported is in it, but not complete
with messages as (
    select * from {{ ref('int_messages_flagged') }}
    where
        is_solitaire
        and is_from_customer
        {%- if is_incremental() %}
        and {{ is_on_rewritten_day('sent_date') }}
        {%- endif %}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

final as (
    select
        messages.message_id,
        messages.community_id,
        messages.person_id,
        messages.sent_at as signed_up_at,
        messages.sent_date as date_day
    from messages
    inner join exports on messages.sent_date >= exports.first_day and messages.sent_date <= exports.last_day
)

select * from final
