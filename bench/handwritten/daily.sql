-- The daily tables of messages as one would write them by hand for one set of exports, in one pass over the Parquet file
-- and without the columns that nothing daily needs. Given are the file, the variable messages, and the small tables of a
-- built warehouse, attached as built: persons and keys, memberships, communities, consents, calendar, exports.
create temp table flagged as
with sent as (
    select
        msgid,
        roomid as community_id,
        "from" as sender_key,
        epoch_ms(cast(msgtime as bigint)) + interval 8 hours as sent_at,
        msgtype,
        content_hash,
        cast(text_length as integer) as text_length,
        cast(voice_seconds as integer) as voice_seconds,
        is_solitaire = '1' as is_solitaire,
        is_stop_phrase = '1' as is_stop_phrase,
        cast(polarity as integer) as polarity,
        _exported_at
    from read_parquet(getvariable('messages'))
    where action = 'send' and substr("from", 1, 3) in ('st_', 'wm_', 'wb_') and msgtime is not null
),

repeated as (
    select msgid from sent group by msgid having count(*) > 1
),

-- of a message that was exported again, the newest copy
newest as (
    select * from sent where msgid not in (from repeated)
    union all
    select distinct on (msgid) * from sent where msgid in (from repeated) order by msgid, _exported_at desc
),

kept as (
    select
        newest.*,
        identities.person_id,
        persons.role,
        persons.is_counted,
        persons.is_counted and (
            (
                coalesce(types.is_text, false) and text_length >= 2
                and not coalesce(is_solitaire, false) and not coalesce(is_stop_phrase, false)
            )
            or (newest.msgtype = 'voice' and voice_seconds >= 2)
        ) as has_content,
        persons.role in ('staff', 'bot') or coalesce(consents.agree_status, 'Default_Agree') = 'Agree' as is_readable
    from newest
    inner join built.intermediate.int_communities_described as communities using (community_id)
    inner join built.intermediate.int_identities_resolved as identities on sender_key = identity_key
    inner join built.intermediate.int_persons_classified as persons on identities.person_id = persons.person_id
    cross join built.intermediate.int_calendar_bounded as calendar
    left join built.reference.message_types as types on newest.msgtype = types.msgtype
    left join built.intermediate.int_consents_bounded as consents
        on identities.person_id = consents.person_id and sent_at >= valid_from
        and (valid_to is null or sent_at < valid_to)
    where
        coalesce(types.is_message, true)
        and sent_at >= history_start_date and sent_at < as_of_date + 1
        and msgid not in (
            select pre_msgid from read_parquet(getvariable('messages')) where action = 'recall' and pre_msgid is not null
        )
),

repeats as (
    select
        *,
        has_content and content_hash is not null and coalesce(sent_at <= lag(sent_at) over (
            partition by community_id, sender_key, content_hash, has_content order by sent_at, msgid
        ) + interval 24 hours, false) as is_repeat
    from kept
)

select
    community_id,
    person_id,
    role,
    is_counted,
    is_readable,
    case when is_readable then polarity end as polarity,
    cast(sent_at as date) as date_day,
    cast(hour(sent_at) as integer) as sent_hour,
    sent_at,
    coalesce(has_content and not is_repeat and row_number() over (
        partition by community_id, sender_key, has_content and not is_repeat, floor(epoch(sent_at) / 60)
        order by sent_at, msgid
    ) <= 5, false) as is_effective
from repeats;

create table message_hours as
select
    flagged.community_id,
    coalesce(memberships.channel_id, 'unattributed') as channel_id,
    flagged.role as sender_role,
    date_day,
    sent_hour,
    count(*) as messages,
    count_if(flagged.is_counted) as customer_messages,
    count_if(is_effective) as effective_messages,
    count_if(flagged.role in ('staff', 'bot')) as team_messages
from flagged
inner join built.intermediate.int_exports_covered as exports
    on export_name = 'wecom__messages' and date_day between first_day and last_day
left join built.intermediate.int_memberships_described as memberships
    on flagged.community_id = memberships.community_id and flagged.person_id = memberships.person_id
    and sent_at >= joined_at and (left_at is null or sent_at < left_at)
group by all;

create table speaker_days as
select community_id, person_id, date_day, count(*) as effective_messages
from flagged
where is_effective
group by all;
