{{ config(
    materialized='incremental',
    on_schema_change='fail',
    pre_hook="{{ open_interaction_days() }}",
    post_hook="{{ close_interaction_days() }}",
    **by_day('date_day'),
) }}

with flows as (
    select * from {{ ref('int_membership_flows_counted') }}
    {%- if is_incremental() %}
    where {{ is_on_rewritten_day('date_day') }}
    {%- endif %}
),

message_days as (
    select * from {{ ref('int_message_days_counted') }}
    where
        effective_messages > 0
        {%- if is_incremental() %}
        and {{ is_on_rewritten_day('date_day') }}
        {%- endif %}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__messages' and is_loaded
),

count_speakers as (
    select
        community_id,
        channel_id,
        date_day,
        count(*) as speakers
    from message_days
    group by community_id, channel_id, date_day
),

final as (
    select
        {{ composite_key(['flows.community_id', 'flows.channel_id', 'flows.date_day']) }} as interaction_day_id,
        flows.community_id,
        flows.channel_id,
        cast(coalesce(count_speakers.speakers, 0) as integer) as speakers,
        cast(flows.closing_memberships as integer) as closing_memberships,
        flows.date_day
    from flows
    inner join exports on flows.date_day >= exports.first_day and flows.date_day <= exports.last_day
    left join count_speakers
        on flows.community_id = count_speakers.community_id
        and flows.channel_id = count_speakers.channel_id
        and flows.date_day = count_speakers.date_day
)

select * from final
