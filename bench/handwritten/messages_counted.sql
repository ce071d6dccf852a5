-- Messages by hour and speakers by day, between the variables first_day and last_day. Given as built: persons and their
-- keys. Both tables in one pass: cells of hours, and speakers of days.
create or replace temp table grouped as
with said as (
    select community_id, person_id, role, is_counted, date_day, sent_at, content_hash, msgid_hash,
        hash(community_id, sender_key) as speaker, has_content and is_counted as has_content
    from kept
    inner join built.intermediate.int_identities_resolved on sender_key = identity_key
    inner join built.intermediate.int_persons_classified using (person_id)
    where
        date_day between getvariable('first_day') - 1 and getvariable('last_day')
        and date_day >= (select history_start_date from built.intermediate.int_calendar_bounded)
),

-- the same words of a speaker again within a day count once; few are said twice, and only those are put in order
repeats as (
    select msgid_hash
    from (
        select msgid_hash, sent_at <= lag(sent_at) over (
            partition by speaker, content_hash order by sent_at, msgid_hash
        ) + interval 24 hours as is_repeat
        from said
        semi join (
            select speaker, content_hash from said where has_content and content_hash is not null group by all having count(*) > 1
        ) as said_twice using (speaker, content_hash)
        where has_content
    )
    where is_repeat
),

fresh as (
    select msgid_hash, speaker, sent_at, cast(floor(epoch(sent_at) / 60) as bigint) as minute
    from said anti join repeats using (msgid_hash)
    where has_content
),

-- of a minute five messages count
excess as (
    select msgid_hash
    from fresh semi join (select speaker, minute from fresh group by all having count(*) > 5) as bursts using (speaker, minute)
    qualify row_number() over (partition by speaker, minute order by sent_at, msgid_hash) > 5
),

judged as (
    select *, has_content and msgid_hash not in (from repeats) and msgid_hash not in (from excess) as is_effective from said
)

select judged.community_id, coalesce(channel_id, 'unattributed') as channel_id, judged.role, judged.person_id, date_day,
    hour(sent_at) as sent_hour, grouping(judged.person_id) = 0 as is_of_person, count(*) as messages,
    count_if(judged.is_counted) as customer_messages, count_if(is_effective) as effective_messages,
    count_if(judged.role in ('staff', 'bot')) as team_messages, min(channel_id) filter (is_effective) as speaker_channel_id
from judged
left join memberships
    on judged.community_id = memberships.community_id and judged.person_id = memberships.person_id
    and sent_at >= joined_at and (left_at is null or sent_at < left_at)
where date_day >= getvariable('first_day')
group by grouping sets (
    (judged.community_id, coalesce(channel_id, 'unattributed'), judged.role, date_day, sent_hour),
    (judged.community_id, judged.person_id, date_day)
);

create table if not exists message_hours as
select community_id, channel_id, role as sender_role, date_day, sent_hour, messages, customer_messages, effective_messages,
    team_messages
from grouped
limit 0;

delete from message_hours where date_day between getvariable('first_day') and getvariable('last_day');

insert into message_hours
select community_id, channel_id, role, date_day, sent_hour, messages, customer_messages, effective_messages, team_messages
from grouped
where not is_of_person;

create table if not exists speaker_days as
select community_id, person_id, speaker_channel_id as channel_id, date_day, effective_messages from grouped limit 0;

delete from speaker_days where date_day between getvariable('first_day') and getvariable('last_day');

insert into speaker_days
select community_id, person_id, coalesce(speaker_channel_id, 'unattributed'), date_day, effective_messages
from grouped
where is_of_person and effective_messages > 0;
