"""Communities by day, and who is in them: what stocks and flows of members are counted from.

- ``community_days(chat_id, community_type, date_day)``: from its opening, or history, to its dissolution or the last
  complete day.
- ``stay_days(spell, person, chat_id, community_type, channel, role, date_day, is_open)``: the days of each stay; not
  ``is_open`` on the day on which it ends.
- ``flows(date_day, chat_id, community_type, channel, began, own, removed, unnoticed, dissolved, moved)``: what
  happened to stays, with rows of zeros for each channel that ever brought somebody into a community, for as long as
  the community is there.
- ``stages(chat_id, date_day, stage)``: lifecycle stage at the end of each day; right from 28 days after the beginning
  of history.
- ``first_stays``, a table: the earliest stay of each person, ``is_won`` where somebody saw it begin within history.
- ``conversions``, a table: new members, whether they are old enough to be judged on their first order, and whether it
  came in time.
- ``losses(date_day, person, chat_id, community_type, channel, reason)``: stays that ended by leaving on a day at
  whose end the person is in no community.
- ``measured(grain, by_what)``: every metric of memberships, ``slice`` being the ``community``, its ``type``, the
  ``channel`` or all.
- ``cohorts`` and ``retained(grain, by_what)``: stays whose beginning somebody saw, and whether they last 1, 7 and 30
  days.
- Macros: ``span(grain, day)``, one for all time where there is no grain; ``ends(grain)``, the last day of each
  community in each period; ``stock(grain)``, who is inside then; ``starts(grain)`` and ``opening(grain)``, the same
  at the beginning of its first day.
"""

from __future__ import annotations

TABLES = """
create macro span(grain, day) as
    case grain
        when 'day' then cast(day as date)
        when 'week' then cast(date_trunc('week', day) as date)
        when 'month' then cast(date_trunc('month', day) as date)
        when 'quarter' then cast(date_trunc('quarter', day) as date)
        when 'year' then cast(date_trunc('year', day) as date)
        else date '2000-01-01'
    end;
create macro cut(by_what, chat_id, community_type, channel) as
    case by_what
        when 'community' then chat_id when 'type' then community_type when 'channel' then channel else 'all'
    end;
create table community_days as
select chat_id, community_type, date_day
from manual__communities
left join (
    select chat_id, min(create_time) as opened_at from wecom__group_chats group by chat_id
    union all
    select ChatId, min(CreateTime) from wecom__group_events
    where ChangeType = 'create' and ChatId not in (select chat_id from wecom__group_chats) group by ChatId
) using (chat_id)
left join (
    select ChatId as chat_id, CreateTime as dissolved_at from wecom__group_events where ChangeType = 'dismiss'
) using (chat_id)
join days on date_day >= cast(opened_at as date) and date_day <= coalesce(cast(dissolved_at as date), date_day);
create table stay_days as
select
    concat(person, chat_id, joined_at) as spell, person, chat_id, community_type, channel, role, date_day,
    coalesce(date_day < cast(left_at as date), true) as is_open
from spells
join manual__communities using (chat_id)
join (select person, max(role) as role from persons where is_counted group by person) using (person)
join days on date_day >= cast(joined_at as date) and date_day <= coalesce(cast(left_at as date), date_day);
create table flows as
select
    date_day, chat_id, community_type, channel,
    count(*) filter (where is_new and date_day = cast(joined_at as date)) as began,
    count(*) filter (where date_day = cast(left_at as date) and reason = 'self') as own,
    count(*) filter (where date_day = cast(left_at as date) and reason = 'removed') as removed,
    count(*) filter (where date_day = cast(left_at as date) and reason = 'unknown') as unnoticed,
    count(*) filter (where date_day = cast(left_at as date) and reason = 'dissolved') as dissolved,
    count(*) filter (where date_day = cast(left_at as date) and reason = 'transferred') as moved
from community_days
join (select distinct chat_id, channel from spells) using (chat_id)
left join spells using (chat_id, channel)
group by date_day, chat_id, community_type, channel;
create table first_stays as
select
    person, chat_id, community_type, channel, joined_at, cast(joined_at as date) as joined_on,
    is_new and is_start_known as is_won
from (select *, row_number() over (partition by person order by joined_at, chat_id) as nth from spells)
join manual__communities using (chat_id)
where nth = 1;
create table stages as
with opened as (
    select chat_id, min(opened_at) as opened_at from (
        select chat_id, create_time as opened_at from wecom__group_chats
        union all
        select ChatId, CreateTime from wecom__group_events where ChangeType = 'create'
    ) group by chat_id
),
sized as (
    select
        chat_id, date_day,
        (
            select count(*) from stay_days as d
            where d.chat_id = c.chat_id and d.date_day = c.date_day - 28 and is_open
        ) as before,
        (
            select sum(began - own - removed - unnoticed - moved) from flows as f
            where f.chat_id = c.chat_id and f.date_day > c.date_day - 28 and f.date_day <= c.date_day
        ) as grown
    from community_days as c
)
select
    chat_id, date_day,
    case
        when dissolved_on <= date_day then 'dissolved'
        when community_type = 'flash' then 'flash'
        when date_day - cast(opened_at as date) < 30 then 'introduction'
        when grown > 0 and grown >= 0.05 * before then 'growth'
        else 'mature'
    end as stage
from sized
join manual__communities using (chat_id)
join opened using (chat_id)
left join (
    select ChatId as chat_id, cast(CreateTime as date) as dissolved_on
    from wecom__group_events where ChangeType = 'dismiss'
) using (chat_id);
create table conversions as
select
    joined_on, person, chat_id, community_type, channel, joined_on + 30 <= last_day as is_matured,
    is_matured and bought_at >= joined_at and cast(bought_at as date) <= joined_on + 30 as is_converted
from first_stays
cross join (select max(date_day) as last_day from sales_days)
left join (select person, min(paid_at) as bought_at from orders where is_valid group by person) using (person)
where is_won;
create table losses as
select cast(left_at as date) as date_day, person, chat_id, community_type, channel, reason
from spells join manual__communities using (chat_id)
where reason in ('self', 'removed', 'unknown') and not exists (
    select 1 from stay_days as other
    where other.person = spells.person and other.date_day = cast(spells.left_at as date) and other.is_open
);
create macro ends(grain) as table
    select span(grain, date_day) as metric_time, chat_id, community_type, max(date_day) as last_day
    from community_days group by all;
create macro starts(grain) as table
    select span(grain, date_day) as metric_time, chat_id, community_type, min(date_day) as first_day
    from community_days group by all;
create macro stock(grain) as table
    select metric_time, ends.chat_id, ends.community_type, channel, role, person, spell
    from ends(grain) as ends
    left join stay_days on stay_days.chat_id = ends.chat_id and date_day = last_day and is_open;
create macro opening(grain) as table
    select metric_time, starts.chat_id, starts.community_type, channel, person,
        case when person is not null then concat(person, spells.chat_id, joined_at) end as spell
    from starts(grain) as starts
    left join spells
        on spells.chat_id = starts.chat_id
        and joined_at < first_day
        and (left_at is null or cast(left_at as date) >= first_day);
create macro measured(grain, by_what) as table
    with moved as (
        select span(grain, date_day) as metric_time, cut(by_what, chat_id, community_type, channel) as slice,
            sum(began) as new_memberships, sum(own + removed + unnoticed) as leaves, sum(own) as voluntary_leaves,
            sum(removed) as removed_memberships, sum(dissolved) as dissolved_memberships,
            sum(moved) as transferred_memberships
        from flows group by all
    ),
    closed as (
        select metric_time, cut(by_what, chat_id, community_type, channel) as slice,
            count(distinct spell) as memberships, count(distinct person) as members
        from stock(grain) group by all
    ),
    opened as (
        select metric_time, cut(by_what, chat_id, community_type, channel) as slice,
            count(distinct spell) as opening_memberships
        from opening(grain) group by all
    ),
    risked as (
        select span(grain, date_day) as metric_time, cut(by_what, chat_id, community_type, channel) as slice,
            count(distinct spell) as memberships_at_risk, count(distinct person) as period_members
        from stay_days group by all
    )
    select
        metric_time, slice, new_memberships, leaves, voluntary_leaves, removed_memberships, dissolved_memberships,
        transferred_memberships, new_memberships - leaves as net_membership_growth,
        coalesce(memberships, 0) as memberships, coalesce(members, 0) as members,
        coalesce(opening_memberships, 0) as opening_memberships,
        coalesce(memberships_at_risk, 0) as memberships_at_risk, coalesce(period_members, 0) as period_members,
        (new_memberships - leaves) / nullif(opening_memberships, 0) as member_growth_rate,
        leaves / memberships_at_risk as leave_rate,
        voluntary_leaves / memberships_at_risk as voluntary_leave_rate,
        leaves / nullif(memberships, 0) as leave_rate_closing_base
    from moved
    left join closed using (metric_time, slice)
    left join opened using (metric_time, slice)
    left join risked using (metric_time, slice);
create table cohorts as
select
    cast(spells.joined_at as date) as joined_on, spells.person, spells.chat_id, manual__communities.community_type,
    spells.channel, age, cast(spells.joined_at as date) + age <= (select max(date_day) from days) as is_matured,
    count(later.spell) > 0 as is_retained
from spells
join manual__communities on manual__communities.chat_id = spells.chat_id
cross join (select unnest([1, 7, 30]) as age)
left join stay_days as later
    on later.person = spells.person
    and later.chat_id = spells.chat_id
    and later.date_day = cast(spells.joined_at as date) + age
    and later.is_open
where is_new and is_start_known
group by spells.person, spells.joined_at, spells.chat_id, manual__communities.community_type, spells.channel, age;
create macro retained(grain, by_what) as table
    select
        span(grain, joined_on) as metric_time, cut(by_what, chat_id, community_type, channel) as slice,
        count(*) filter (where age = 1 and is_matured) as matured_memberships_d1,
        count(*) filter (where age = 7 and is_matured) as matured_memberships_d7,
        count(*) filter (where age = 30 and is_matured) as matured_memberships_d30,
        count(*) filter (where age = 1 and is_retained) as retained_memberships_d1,
        count(*) filter (where age = 7 and is_retained) as retained_memberships_d7,
        count(*) filter (where age = 30 and is_retained) as retained_memberships_d30,
        retained_memberships_d1 / nullif(matured_memberships_d1, 0) as membership_retention_rate_d1,
        retained_memberships_d7 / nullif(matured_memberships_d7, 0) as membership_retention_rate_d7,
        retained_memberships_d30 / nullif(matured_memberships_d30, 0) as membership_retention_rate_d30
    from cohorts group by all;
"""


def prepare(connection) -> None:
    """Add the tables and macros of this module to the database of golden rows."""
    connection.execute(TABLES)
