-- For each hand-written table the rows by which it differs from the marts: 0 where both are right. Money and counts exactly.
create or replace temp macro differing(name, ours, theirs) as table
select name as table_name, count(*) as differing
from (
    (from query_table(ours) except all from query_table(theirs))
    union all
    (from query_table(theirs) except all from query_table(ours))
);

create or replace temp view their_membership_days as
select community_id, channel_id, date_day, opening_memberships, new_memberships, leaves, voluntary_leaves, removed_memberships,
    dissolved_memberships, transferred_memberships, closing_memberships
from built.marts.fct_membership_flows;

create or replace temp view our_membership_days as
select community_id, channel_id, date_day, opening_memberships, new_memberships, leaves, voluntary_leaves, removed_memberships,
    dissolved_memberships, transferred_memberships, closing_memberships
from membership_days;

create or replace temp view their_retention_days as
select community_id, channel_id, joined_date, age, sum(matured) as matured, sum(retained) as retained
from (
    select *, unnest([1, 7, 30]) as age, unnest([matured_d1, matured_d7, matured_d30]) as matured,
        unnest([retained_d1, retained_d7, retained_d30]) as retained
    from built.marts.fct_membership_retention
)
where matured = 1
group by all;

create or replace temp view their_sales_days as
select community_id, channel_id, paid_date, count(*) as orders, sum(valid_orders) as valid_orders,
    sum(gross_amount) as gross_amount, sum(refunded_amount) as refunded_amount
from built.marts.fct_sales
where order_key is not null
group by all;

create or replace temp view their_refund_days as
select community_id, refund_date, count(*) as refunds, sum(refund_amount) as refund_amount
from built.marts.fct_refunds
where order_key is not null
group by all;

create or replace temp view their_message_hours as
select community_id, channel_id, sender_role, date_day, sent_hour, messages, customer_messages, effective_messages, team_messages
from built.marts.fct_message_hours
where messages > 0;

create or replace temp view our_speakers as
select community_id, channel_id, date_day, count(*) as speakers from speaker_days group by all;

create or replace temp view their_speakers as
select community_id, channel_id, date_day, speakers from built.marts.fct_interaction_days where speakers > 0;

from differing('message_hours', 'message_hours', 'their_message_hours')
union all
from differing('speaker_days', 'our_speakers', 'their_speakers')
union all
from differing('membership_days', 'our_membership_days', 'their_membership_days')
union all
from differing('retention_days', 'retention_days', 'their_retention_days')
union all
from differing('sales_days', 'sales_days', 'their_sales_days')
union all
from differing('refund_days', 'refund_days', 'their_refund_days');
