{#
    What memberships do around their increments (docs/decisions/0071); increment_items.sql says how. From the evidence on,
    models hold rows by person, follow each other, and make all rows of a touched person again.
#}

{# Query of the persons of whom a model of staging changed rows since seen: its items end in a key of theirs. #}
{% macro persons_of_keys_since_seen(name) -%}
    select identities.person_id as item
    from ({{ items_since_seen(name) }}) as changed_in_{{ name }}
    inner join {{ ref('int_identities_resolved') }} as identities on split_part(item, '|', -1) = identities.identity_key
{%- endmacro %}

{# Query of the persons of whom a table has rows in communities of which an input has another version now. #}
{% macro persons_of_changed_communities(relation, input, now) -%}
    select person_id as item from {{ relation }}
    where community_id in (select item from ({{ changed_items(input, now) }}) as changed_{{ input }})
{%- endmacro %}

{# Query of communities and all their member lists, as one number. #}
{% macro lists_of_communities() -%}
    select community_id as item, cast(sum({{ row_hash(['snapshot_at']) }}) as varchar) as version
    from {{ ref('int_member_lists_dated') }}
    group by community_id
{%- endmacro %}

{# Query of communities and what a model reads of each. columns: of communities and the calendar. #}
{% macro traits_of_communities(columns) -%}
    select community_id as item, cast({{ row_hash(columns) }} as varchar) as version
    from {{ ref('int_communities_described') }}
    cross join {{ ref('int_calendar_bounded') }}
{%- endmacro %}

{# Query of a day of the calendar as the version of an item; before all days where there is none. #}
{% macro day_of_calendar(expression) -%}
    select 'day' as item, cast(coalesce({{ expression }}, date '-infinity') as varchar) as version
    from {{ ref('int_calendar_bounded') }}
{%- endmacro %}

{# Condition on a day: the day of the calendar that the running model noted passed over it since, forth or back. #}
{% macro is_passed_by_calendar(column, now) -%}
    exists (
        select 1
        from ({{ now }}) as now
        inner join {{ ledger() }} as before on before.input = 'calendar' and now.item = before.item
        where {{ column }} > least(cast(now.version as date), cast(before.version as date))
            and {{ column }} <= greatest(cast(now.version as date), cast(before.version as date))
    )
{%- endmacro %}

{# Who is missing in a list has no row that changed: everybody of a community of which a list came or went. #}
{% macro open_evidence() -%}
    {{ open_items([
        persons_of_keys_since_seen('stg_wecom__group_events'),
        persons_of_keys_since_seen('stg_wecom__group_members'),
        persons_of_changed_communities(this, 'lists', lists_of_communities()),
    ]) }}
{%- endmacro %}

{% macro close_evidence() -%}
    {{ close_items({'lists': lists_of_communities()}, ['stg_wecom__group_events', 'stg_wecom__group_members']) }}
{%- endmacro %}

{% macro inputs_of_stays() -%}
    {%- set dates = ['created_at', 'dissolved_at', 'coalesce(observed_from_date, history_start_date)'] -%}
    {{ return({
        'communities': traits_of_communities(dates),
        'lists': lists_of_communities(),
        'calendar': day_of_calendar('as_of_date'),
    }) }}
{%- endmacro %}

{# Lists date the joins that nobody saw, and nothing else. #}
{% macro open_stays() -%}
    {%- set inputs, evidence = inputs_of_stays(), ref('int_membership_evidence_gathered') -%}
    {{ open_items([
        persons_of_changed_communities(evidence, 'communities', inputs.communities),
        persons_of_changed_communities(this, 'lists', inputs.lists) ~ ' and is_join_unknown',
        'select person_id as item from ' ~ evidence ~ ' where '
        ~ is_passed_by_calendar('cast(occurred_at as date)', inputs.calendar),
    ]) }}
{%- endmacro %}

{% macro close_stays() -%}
    {{ close_items(inputs_of_stays()) }}
{%- endmacro %}

{% macro codes_of_channels() -%}
    select state as item, channel_id as version from {{ ref('stg_manual__channels') }}
{%- endmacro %}

{% macro open_channels() -%}
    {%- set codes = '(' ~ changed_items('codes', codes_of_channels()) ~ ')' -%}
    {%- set of_changed_codes -%}
        select person_id as item from {{ ref('int_identities_resolved') }}
        where identity_key in (
            select customer_key from {{ ref('stg_wecom__customers') }} where state in {{ codes }}
            union all
            select member_key from {{ ref('stg_wecom__group_members') }} where state in {{ codes }}
        )
    {%- endset -%}
    {{ open_items([
        persons_of_keys_since_seen('stg_wecom__customers'),
        persons_of_keys_since_seen('stg_wecom__group_members'),
        of_changed_codes,
    ]) }}
{%- endmacro %}

{% macro close_channels() -%}
    {{ close_items({'codes': codes_of_channels()}, ['stg_wecom__customers', 'stg_wecom__group_members']) }}
{%- endmacro %}

{# Who was transferred is said by a person's spells and the families of their communities. #}
{% macro communities_of_memberships() -%}
    {{ traits_of_communities(['community_family', 'coalesce(observed_from_date, history_start_date)']) }}
{%- endmacro %}

{% macro open_memberships() -%}
    {%- set communities = communities_of_memberships() -%}
    {{ open_ledger() }}
    {%- if execute and is_incremental() %}
    {{ touch_items([
        persons_of_changed_communities(ref('int_membership_spells_built'), 'communities', communities)
    ]) }}
    {{ create_touched('memberships') }} as {{ memberships_that_count(this, is_touched_item()) }};
    delete from {{ this }} where {{ is_touched_item() }};
    {%- endif %}
{%- endmacro %}

{#
    After int_memberships_described: adds to increments.membership_changes the times during which another membership counts
    than before, or the same one through another channel or in another role. Who reads that keeps the last number that it
    has seen. Of somebody who leaves only what is after it changes. Where memberships are built whole, so are all models
    behind them.
#}
{% macro close_memberships() -%}
    {%- if is_landed() and is_incremental() %}
    insert into {{ place('increments') }}.membership_changes
    select
        '{{ invocation_id }}',
        (select coalesce(max(change_number), 0) from {{ place('increments') }}.membership_changes) + row_number() over (),
        community_id,
        person_id,
        changed_from,
        nullif(changed_to, {{ end_of_time() }})
    from ({{ changes_of_memberships('(' ~ memberships_that_count(this, is_touched_item()) ~ ')', touched('memberships')) }}) as changes;
    {%- endif -%}
    {{ close_items({'communities': communities_of_memberships()}) }}
{%- endmacro %}

{# Query of memberships as their changes are compared. kind: all but the time that others count. #}
{% macro memberships_that_count(memberships, rows='true') -%}
    select
        membership_id, community_id, person_id, joined_at, coalesce(left_at, {{ end_of_time() }}) as ends_at,
        concat_ws('|', channel_id, role, is_counted) as kind
    from {{ memberships }}
    where {{ rows }}
{%- endmacro %}

{# A time after all others. #}
{% macro end_of_time() -%}
    timestamp '9999-12-31 00:00:00'
{%- endmacro %}

{# Query of the times during which another membership counts than before; new, old: two such queries, or tables of one. #}
{% macro changes_of_memberships(new, old) -%}
    select
        coalesce(new.community_id, old.community_id) as community_id,
        coalesce(new.person_id, old.person_id) as person_id,
        -- one of the two is null where a membership came or went: least and greatest then take the other one
        case
            when new.kind = old.kind and new.joined_at = old.joined_at then least(new.ends_at, old.ends_at)
            else least(new.joined_at, old.joined_at)
        end as changed_from,
        case
            when new.kind = old.kind and new.ends_at = old.ends_at then greatest(new.joined_at, old.joined_at)
            else greatest(new.ends_at, old.ends_at)
        end as changed_to
    from {{ new }} as new
    full join {{ old }} as old on new.membership_id = old.membership_id
    where
        new.kind is distinct from old.kind
        or new.joined_at is distinct from old.joined_at
        or new.ends_at is distinct from old.ends_at
{%- endmacro %}

{# Whether anything says that somebody left: callbacks, or a second list of members. #}
{% macro are_leaves_evidenced() -%}
    (
        exists (select 1 from {{ ref('stg_wecom__group_events') }})
        or exists (
            select 1 from {{ ref('stg_wecom__group_members') }} having min(exported_at) < max(exported_at)
        )
    )
{%- endmacro %}

{% macro inputs_of_retention() -%}
    {{ return({
        'calendar': day_of_calendar('coalesce(members_last_date, as_of_date)'),
        'leaves': "select 'leaves' as item, cast(" ~ are_leaves_evidenced() ~ ' as varchar) as version',
    }) }}
{%- endmacro %}

{# A membership matures when the last day of which members are known reaches one of the ages, in days. #}
{% macro open_retention(ages) -%}
    {%- set inputs, memberships = inputs_of_retention(), ref('int_memberships_described') -%}
    {%- set queries = [] -%}
    {%- for age in ages -%}
        {%- do queries.append(
            'select person_id as item from ' ~ memberships ~ ' where '
            ~ is_passed_by_calendar('joined_date + ' ~ age, inputs.calendar)
        ) -%}
    {%- endfor -%}
    {%- do queries.append(
        'select person_id as item from ' ~ memberships ~ ' where exists (' ~ changed_items('leaves', inputs.leaves) ~ ')'
    ) -%}
    {{ open_items(queries) }}
{%- endmacro %}

{% macro close_retention() -%}
    {{ close_items(inputs_of_retention()) }}
{%- endmacro %}
