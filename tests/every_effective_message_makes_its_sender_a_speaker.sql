-- Speakers of the interaction facts = persons per community and day with an effective message, on the days that count.
with count_messages as (
    select count(*) as speakers
    from (
        select distinct
            messages.community_id,
            messages.person_id,
            messages.sent_date
        from {{ ref('int_messages_flagged') }} as messages
        inner join {{ ref('int_community_days_spanned') }} as community_days
            on messages.community_id = community_days.community_id
            and messages.sent_date = community_days.date_day
        inner join {{ ref('int_exports_covered') }} as exports
            on exports.export_name = 'wecom__messages'
            and messages.sent_date >= exports.first_day
            and messages.sent_date <= exports.last_day
        where messages.is_effective
    ) as speaker_days
),

count_facts as (
    select coalesce(sum(speakers), 0) as speakers
    from {{ ref('fct_interaction_days') }}
)

select
    count_messages.speakers as speakers_in_messages,
    count_facts.speakers as speakers_in_facts
from count_messages
cross join count_facts
where count_messages.speakers != count_facts.speakers
