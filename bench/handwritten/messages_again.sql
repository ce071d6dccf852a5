-- Before messages.sql on a day: messages that its files bring again or take back go, and their days are counted again.
create or replace temp table changed_days as
with concerned as (
    select hash(msgid) as msgid_hash from read_parquet(getvariable('messages'))
    union
    select hash(pre_msgid) from read_parquet(getvariable('messages')) where action = 'recall' and pre_msgid != ''
)

select distinct date_day from kept semi join concerned using (msgid_hash);

delete from kept
where
    date_day in (from changed_days)
    and msgid_hash in (
        select unnest([hash(msgid), if(action = 'recall', hash(pre_msgid), null)]) from read_parquet(getvariable('messages'))
    );
