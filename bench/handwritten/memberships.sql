-- Memberships from callbacks and member lists, their flows and stock by day, and the cohorts of retention, as one would
-- write them by hand for one set of exports. Given as built, in the attached warehouse `built`: persons and their keys,
-- communities, channels, calendar. Variables: group_events, group_members and customers, lists of Parquet files.
create or replace macro local_time(seconds) as epoch_ms(1000 * try_cast(seconds as bigint)) + interval 8 hours;

create or replace temp table listed as
select
    chat_id as community_id,
    person_id,
    userid as member_key,
    nullif(state, '') as state,
    local_time(join_time) as joined_at,
    cast(_exported_at as timestamp) as listed_at
from read_parquet(getvariable('group_members'))
inner join built.intermediate.int_identities_resolved on userid = identity_key;

create or replace temp table evidence as
with called as (
    select ChatId as community_id, local_time(CreateTime) as happened_at, UpdateDetail = 'del_member' as is_leave,
        case QuitScene when '0' then 'self' when '1' then 'removed' end as leave_reason,
        trim(unnest(string_split(MemChangeList, ','))) as member_key
    from read_parquet(getvariable('group_events'))
    where
        ChatId != '' and UpdateDetail in ('add_member', 'del_member') and MemChangeList != ''
        and len(string_split(MemChangeList, ',')) = coalesce(try_cast(MemChangeCnt as integer), len(string_split(MemChangeList, ',')))
),

named as (
    select distinct called.* exclude (member_key, leave_reason), person_id, case when is_leave then leave_reason end as leave_reason
    from called
    inner join built.intermediate.int_identities_resolved on member_key = identity_key
),

lists as (
    select distinct community_id, listed_at from listed
),

-- who is seen inside must be in the next list, or has left unnoticed before it
expected as (
    select named.community_id, person_id, listed_at
    from named asof inner join lists on named.community_id = lists.community_id and happened_at < listed_at
    where not is_leave
    union
    select listed.community_id, person_id, following.next_at
    from listed
    inner join (
        select *, lead(listed_at) over (partition by community_id order by listed_at) as next_at from lists
    ) as following using (community_id, listed_at)
    where next_at is not null
)

from named
union
select community_id, joined_at, false, person_id, null from listed
union
select community_id, listed_at, true, person_id, 'unknown'
from expected
anti join listed using (community_id, person_id, listed_at);

create or replace temp table spells as
with ordered as (
    select evidence.*, dissolved_at, created_at,
        cast(coalesce(observed_from_date, history_start_date) as timestamp) as observed_from,
        lag(is_leave) over known as was_leave
    from evidence
    inner join built.intermediate.int_communities_described using (community_id)
    cross join built.intermediate.int_calendar_bounded
    where happened_at < as_of_date + 1 and (dissolved_at is null or happened_at <= dissolved_at)
    window known as (partition by community_id, person_id order by happened_at, is_leave desc, leave_reason)
),

paired as (
    select *, lead(happened_at) over known as next_at, lead(leave_reason) over known as next_reason
    from ordered
    where was_leave is distinct from is_leave
    window known as (partition by community_id, person_id order by happened_at, is_leave desc, leave_reason)
),

stays as (
    select community_id, person_id, happened_at as joined_at, coalesce(next_at, dissolved_at) as left_at,
        case when next_at is not null then next_reason when dissolved_at is not null then 'dissolved' end as leave_reason,
        false as is_join_unknown
    from paired
    where not is_leave
    union all
    -- a leave without a join: came after the last list before it, or was inside before anybody looked
    select unseen.community_id, person_id,
        case
            when listed_at >= created_at then listed_at
            when created_at < observed_from then observed_from - interval 1 second
            else created_at
        end,
        happened_at, leave_reason, true
    from (from paired where is_leave and was_leave is null) as unseen
    asof left join (select distinct community_id, listed_at from listed) as lists
        on unseen.community_id = lists.community_id and happened_at > listed_at
),

-- who comes back within a day never left
numbered as (
    select *, sum(is_first) over (
        partition by community_id, person_id order by joined_at, left_at rows unbounded preceding
    ) as spell_number
    from (
        select *, case when joined_at <= lag(left_at) over (
            partition by community_id, person_id order by joined_at, left_at
        ) + interval 1 day then 0 else 1 end as is_first
        from stays
    )
)

select community_id, person_id, spell_number, min(joined_at) as joined_at,
    arg_max_null(left_at, (joined_at, coalesce(left_at, '-infinity'))) as left_at,
    arg_max_null(leave_reason, (joined_at, coalesce(left_at, '-infinity'))) as leave_reason,
    bool_or(is_join_unknown and is_first = 1) as is_join_unknown
from numbered
group by all;

create or replace table memberships as
with listed_codes as (
    select community_id, person_id, spell_number, arg_max(state, (listed_at, -rank_of_key)) as state
    from spells
    inner join (
        select *, rank() over (partition by community_id, person_id, listed_at order by member_key) as rank_of_key
        from listed where state is not null
    ) as coded using (community_id, person_id)
    where spells.joined_at <= coded.joined_at and (left_at is null or left_at > coded.joined_at)
    group by all
),

contacts as (
    select person_id, nullif(state, '') as state, local_time(createtime) as added_at, external_userid, follow_userid
    from (
        select external_userid, follow_userid, arg_max(state, (_exported_at, try_cast(_source_row as integer))) as state,
            arg_max(createtime, (_exported_at, try_cast(_source_row as integer))) as createtime
        from read_parquet(getvariable('customers'))
        group by all
    )
    inner join built.intermediate.int_identities_resolved on external_userid = identity_key
),

contact_codes as (
    select community_id, person_id, spell_number, arg_min(state, (added_at, external_userid, follow_userid)) as state
    from spells
    inner join contacts using (person_id)
    where joined_at >= added_at and state is not null
    group by all
),

-- a person who goes from one community of a family to another within a day is transferred
transfers as (
    select distinct leaving.community_id, leaving.person_id, leaving.spell_number
    from spells as leaving
    inner join spells as joining
        on leaving.person_id = joining.person_id and leaving.community_id != joining.community_id
        and not joining.is_join_unknown
        and joining.joined_at between leaving.left_at - interval 1 day and leaving.left_at + interval 1 day
    inner join built.intermediate.int_communities_described as old on leaving.community_id = old.community_id
    inner join built.intermediate.int_communities_described as new on joining.community_id = new.community_id
    where old.community_family = new.community_family and leaving.leave_reason != 'dissolved'
)

select spells.* replace (if(transfers.person_id is not null, 'transferred', leave_reason) as leave_reason),
    coalesce(channel_id, 'unattributed') as channel_id, role, is_counted,
    cast(joined_at as date) as joined_date, cast(left_at as date) as left_date,
    joined_at < coalesce(observed_from_date, history_start_date) as is_older_than_history
from spells
inner join built.intermediate.int_persons_classified using (person_id)
inner join built.intermediate.int_communities_described using (community_id)
cross join built.intermediate.int_calendar_bounded
left join transfers using (community_id, person_id, spell_number)
left join listed_codes using (community_id, person_id, spell_number)
left join contact_codes using (community_id, person_id, spell_number)
left join built.staging.stg_manual__channels as channels
    on coalesce(listed_codes.state, contact_codes.state) = channels.state;

-- stock and flow by day: each spell changes two days, the stock is their running sum
create or replace table membership_days as
with changes as (
    select community_id, channel_id, joined_date as date_day, 1 as joined, null as leave_reason
    from memberships where is_counted
    union all
    select community_id, channel_id, left_date, 0, leave_reason from memberships where is_counted and left_date is not null
),

counted as (
    select community_id, channel_id, date_day, sum(joined) as new_memberships, count(leave_reason) as ended,
        count_if(leave_reason in ('self', 'removed', 'unknown')) as leaves, count_if(leave_reason = 'self') as voluntary_leaves,
        count_if(leave_reason = 'removed') as removed_memberships, count_if(leave_reason = 'dissolved') as dissolved_memberships,
        count_if(leave_reason = 'transferred') as transferred_memberships
    from changes
    group by all
),

cells as (
    select community_id, channel_id from counted
    union
    select community_id, 'unattributed' from built.intermediate.int_community_days_spanned
),

-- what happened before the first day is in its stock, and no flow of it
all_days as (
    select community_id, channel_id, date_day from cells inner join built.intermediate.int_community_days_spanned using (community_id)
    union
    select community_id, channel_id, date_day from counted
),

summed as (
    select community_id, channel_id, date_day, columns(counted.* exclude (community_id, channel_id, date_day)),
        sum(coalesce(new_memberships - ended, 0)) over (
            partition by community_id, channel_id order by date_day
        ) as closing_memberships
    from all_days
    left join counted using (community_id, channel_id, date_day)
)

select community_id, channel_id, date_day,
    closing_memberships - coalesce(new_memberships, 0) + coalesce(ended, 0) as opening_memberships,
    coalesce(columns(summed.* exclude (community_id, channel_id, date_day, ended, closing_memberships)), 0),
    closing_memberships
from summed
semi join built.intermediate.int_community_days_spanned using (community_id, date_day);

-- of those who joined on a day, who is there 1, 7 and 30 days later; who came back counts
create or replace table retention_days as
with judged as (
    select cohort.community_id, cohort.person_id, cohort.spell_number, cohort.channel_id, cohort.joined_date, age,
        bool_or(cohort.joined_date + age >= later.joined_date
            and (later.left_date is null or later.left_date > cohort.joined_date + age)) as is_retained
    from memberships as cohort
    inner join memberships as later using (community_id, person_id)
    cross join (values (1), (7), (30)) as ages (age)
    cross join built.intermediate.int_calendar_bounded
    where
        cohort.is_counted and not cohort.is_older_than_history and not cohort.is_join_unknown
        and later.joined_at >= cohort.joined_at
        and cohort.joined_date + age <= coalesce(members_last_date, as_of_date)
    group by all
)

select community_id, channel_id, joined_date, age, count(*) as matured, count_if(is_retained) as retained
from judged
group by all;
