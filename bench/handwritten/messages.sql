-- The messages that count, as one would write it by hand, after memberships.sql. The first time all files are read, later
-- those of a day, after messages_again.sql; messages_counted.sql counts the days that they touch, month by month. Given as
-- built: communities, calendar, what exports cover. Variable: messages, a list of Parquet files.
create table if not exists recalls (msgid varchar);

create table if not exists kept (
    msgid_hash ubigint, community_id varchar, sender_key varchar, sent_at timestamp, date_day date, content_hash ubigint,
    has_content boolean, batch integer
);

create temp table if not exists changed_days (date_day date);

set variable batch = (select coalesce(max(batch), 0) + 1 from kept);

insert into recalls
select distinct pre_msgid from read_parquet(getvariable('messages')) where action = 'recall' and pre_msgid != '';

-- what a community's members sent and did not take back; of a message that was exported again, the newest copy
insert into kept
with sent as (
    select msgid, hash(msgid) as msgid_hash, roomid, "from" as sender_key, msgtype, content_hash, text_length, voice_seconds,
        is_solitaire, is_stop_phrase, _exported_at, epoch_ms(try_cast(msgtime as bigint)) + interval 8 hours as sent_at
    from read_parquet(getvariable('messages'))
    where action = 'send' and substr("from", 1, 3) in ('st_', 'wm_', 'wb_') and msgtime > '1262304000000'
),

repeated as (
    select msgid_hash from sent group by msgid_hash having count(*) > 1
),

newest as (
    select * from sent anti join repeated using (msgid_hash)
    union all
    from (select distinct on (msgid) * from sent semi join repeated using (msgid_hash) order by msgid, _exported_at desc)
)

select msgid_hash, roomid, sender_key, sent_at, cast(sent_at as date), case when content_hash != '' then hash(content_hash) end,
    coalesce((
        is_text and try_cast(text_length as integer) >= 2
        and coalesce(is_solitaire, '0') != '1' and coalesce(is_stop_phrase, '0') != '1'
    ) or (newest.msgtype = 'voice' and try_cast(voice_seconds as integer) >= 2), false),
    getvariable('batch')
from newest
left join built.reference.message_types as types on newest.msgtype = types.msgtype
anti join recalls on newest.msgid = recalls.msgid
semi join built.intermediate.int_communities_described as communities on roomid = community_id
where coalesce(is_message, true);

-- from the first day that has new messages or lost some to the day after the last, for repeats reach one day, all is
-- counted again
set variable first_day = (
    select greatest(min(date_day), min(history_start_date), min(first_day))
    from (select date_day from kept where batch = getvariable('batch') union all from changed_days)
    cross join built.intermediate.int_calendar_bounded
    inner join built.intermediate.int_exports_covered on export_name = 'wecom__messages'
);

set variable last_day = (
    select least(max(date_day) + 1, min(as_of_date), min(last_day))
    from (select date_day from kept where batch = getvariable('batch') union all from changed_days)
    cross join built.intermediate.int_calendar_bounded
    inner join built.intermediate.int_exports_covered on export_name = 'wecom__messages'
);
