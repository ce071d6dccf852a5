{# What the chain of messages does around its increments; increments.sql says how. #}

{#
    Before the base: of the rows that go with their parts, the days and the messages that they took back are noted in its
    ledger, each with the run, for they cannot be asked later.
#}
{% macro open_message_parts() -%}
    {{ return(adapter.dispatch('open_message_parts', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__open_message_parts() -%}
    {%- if is_landed() and is_incremental() -%}
        {%- set gone = missing_from(held_parts(), live_parts('wecom__messages').values() | list) -%}
        {%- if gone %}
    {{ create_touched('gone') }} as
    select distinct
        inputs.input,
        case inputs.input
            when 'gone_days' then cast(cast(rows_gone.sent_at as date) as varchar) else rows_gone.recalled_message_id
        end as item
    from {{ this }} as rows_gone
    cross join (values ('gone_days'), ('gone_recalls')) as inputs (input)
    where rows_gone.landed_part in ({{ gone | join(', ') }}) and rows_gone.problem_column is null;
    delete from {{ ledger() }} where (input, item) in (select input, item from {{ touched('gone') }});
    insert into {{ ledger() }}
    select input, item, '{{ invocation_id }}' from {{ touched('gone') }} where item is not null;
        {%- endif -%}
    {%- endif %}
    {{ open_parts('wecom__messages') }}
{%- endmacro %}

{# Query of what was noted of rows that went from the base: 'gone_days' or 'gone_recalls'. #}
{% macro gone_messages(kind) -%}
    select item, version from {{ ledger('base_wecom__messages') }} where input = '{{ kind }}'
{%- endmacro %}

{#
    The messages that new parts name, that recalls which went took back, and, where a part went, all that have copies; every
    row of theirs; and of which the copies are compared again. What was said of those goes.
#}
{% macro open_message_copies() -%}
    {{ return(adapter.dispatch('open_message_copies', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__open_message_copies() -%}
    {{ open_ledger() }}
    {%- if is_landed() and is_incremental() %}
    {%- set live = parts_of_base('base_wecom__messages') %}
    {{ create_touched('parts') }} as {{ changed_items('parts', live) }};
    {{ create_touched('messages') }} as
    select case named.number when 1 then rows_named.message_id else rows_named.recalled_message_id end as message_id
    from {{ ref('base_wecom__messages') }} as rows_named
    cross join (values (1), (2)) as named (number)
    where rows_named.landed_part in (select item from {{ touched('parts') }}) and rows_named.problem_column is null
    union
    select item from ({{ changed_items('gone_recalls', gone_messages('gone_recalls')) }}) as recalls
    union
    select message_id from {{ this }}
    where exists (select 1 from {{ touched('parts') }} where item not in (select item from ({{ live }}) as live_parts));
    {{ create_touched('rows') }} as
    select message_id, sent_at, recalled_message_id, landed_part from {{ ref('base_wecom__messages') }}
    where message_id in (select message_id from {{ touched('messages') }}) and problem_column is null;
    {{ create_touched('copied') }} as
    select message_id from {{ touched('rows') }} group by message_id having count(*) > 1;
    {{ create_touched('sources') }} as
    select distinct landed_part from {{ touched('rows') }}
    where message_id in (select message_id from {{ touched('copied') }});
    delete from {{ this }} where message_id in (select message_id from {{ touched('messages') }});
    {%- endif %}
{%- endmacro %}

{#
    The days of these rows, of those that went, and of messages that any copy takes back: no fewer than those of which
    another row counts now.
#}
{% macro close_message_copies() -%}
    {{ return(adapter.dispatch('close_message_copies', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__close_message_copies() -%}
    {%- if is_landed() and is_incremental() %}
    {{ create_touched('days') }} as
    select cast(sent_at as date) as date_day from {{ touched('rows') }}
    union
    select cast(item as date) from ({{ changed_items('gone_days', gone_messages('gone_days')) }}) as gone_days
    union
    select cast(sent_at as date) from {{ ref('base_wecom__messages') }}
    where message_id in (
        select recalled_message_id from {{ touched('rows') }} where recalled_message_id is not null
        except
        select message_id from {{ touched('messages') }}
    );
    {%- endif -%}
    {{ close_ledger(
        {
            'parts': parts_of_base('base_wecom__messages'),
            'gone_days': gone_messages('gone_days'),
            'gone_recalls': gone_messages('gone_recalls'),
        },
        'select date_day from ' ~ touched('days') if is_incremental()
        else 'select distinct cast(sent_at as date) as date_day from ' ~ ref('base_wecom__messages')
    ) }}
{%- endmacro %}

{# Condition on a row of the base: it is a copy of a message of which the copies are compared again. #}
{% macro is_touched_message() -%}
    message_id in (select message_id from {{ touched('copied') }})
    and landed_part in (select landed_part from {{ touched('sources') }})
{%- endmacro %}

{# Days of the archive that count, with the run that changed them last. #}
{% macro days_of_messages() -%}
    select days.item, days.version
    from {{ ledger('stg_wecom__message_copies') }} as days
    cross join {{ ref('int_calendar_bounded') }} as calendar
    where
        days.input = 'self'
        and cast(days.item as date) >= calendar.history_start_date
        and cast(days.item as date) <= calendar.as_of_date
{%- endmacro %}

{# What decides which messages were sent: the days of the archive. #}
{% macro inputs_of_messages() -%}
    {{ return(adapter.dispatch('inputs_of_messages', 'community_metrics')()) }}
{%- endmacro %}

{% macro default__inputs_of_messages() -%}
    {{ return({'days': days_of_messages()}) }}
{%- endmacro %}

{# What is said of each sender, as one number: person, role, consents, and whether consents are loaded at all. #}
{% macro traits_of_senders() -%}
    select
        identities.identity_key as item,
        cast({{ row_hash([
            'identities.person_id', 'persons.role', 'persons.is_counted', 'words.consents',
            '(select count(*) > 0 from ' ~ ref('int_consents_bounded') ~ ')'
        ]) }} as {{ dbt.type_string() }}) as version
    from {{ ref('int_identities_resolved') }} as identities
    inner join {{ ref('int_persons_classified') }} as persons on identities.person_id = persons.person_id
    left join (
        select person_id, {{ sum_of_hashes(row_hash(['valid_from', 'valid_to', 'agree_status'])) }} as consents
        from {{ ref('int_consents_bounded') }}
        group by person_id
    ) as words on identities.person_id = words.person_id
{%- endmacro %}

{# The same, as it was noted before the model: it is asked for twice. #}
{% macro senders_noted() -%}
    select item, version from {{ touched('senders') }}
{%- endmacro %}

{% macro chats_of_communities() -%}
    select community_id as item, '' as version from {{ ref('int_communities_described') }}
{%- endmacro %}

{#
    Before repeats and bursts: the days of messages that changed, entered or left the calendar, and those behind each that
    repeats and bursts reach. The days before them are read as well, and stay as they are.
#}
{% macro open_repeated_messages() -%}
    {{ open_days(inputs_of_messages(), column='sent_date', ahead=days_that_rules_reach()) }}
{%- endmacro %}

{% macro close_repeated_messages() -%}
    {{ close_days(inputs_of_messages(), column='sent_date') }}
{%- endmacro %}

{#
    Before messages are judged: the days of which repeats and bursts were found again, those on which a sender spoke of
    whom something else is said now, and those of communities that came or went.
#}
{% macro open_flagged_messages() -%}
    {%- if is_landed() %}
    {{ in_turn(create_touched('senders') ~ ' as ' ~ traits_of_senders() ~ ';') }}
    {%- endif %}
    {%- set of_senders -%}
        select distinct sent_date as date_day from {{ ref('int_messages_sent') }}
        where sender_key in (select item from ({{ changed_items('senders', senders_noted()) }}) as senders)
    {%- endset -%}
    {%- set of_chats -%}
        select distinct sent_date as date_day from {{ ref('int_messages_sent') }}
        where community_id in (select item from ({{ changed_items('chats', chats_of_communities()) }}) as chats)
    {%- endset %}
    {{ open_days({'days': days_of_model('int_messages_repeated')}, [of_senders, of_chats], column='sent_date') }}
{%- endmacro %}

{% macro close_flagged_messages() -%}
    {{ close_days(
        {
            'days': days_of_model('int_messages_repeated'),
            'senders': senders_noted(),
            'chats': chats_of_communities(),
        },
        column='sent_date'
    ) }}
{%- endmacro %}

{# Days by which a message may change how a later one is judged: the longer of the repeats and the bursts, rounded up. #}
{% macro days_that_rules_reach() -%}
    {%- set seconds = [var('effective_repeat_hours') * 3600, var('effective_burst_seconds')] | max -%}
    {{ return(((seconds / 86400) | round(0, 'ceil')) | int) }}
{%- endmacro %}

{#
    Before a model that holds by date_day what it makes of judged messages: the days that these changed since, with
    `ahead` days behind and `back` days before each where a message says something of others. covered: only days that the
    archive covers.
#}
{% macro open_days_of_messages(ahead=0, back=0, covered=false) -%}
    {{ open_days({'days': days_of_model('int_messages_flagged', covered)}, ahead=ahead, back=back) }}
{%- endmacro %}

{% macro close_days_of_messages(covered=false) -%}
    {{ close_days({'days': days_of_model('int_messages_flagged', covered)}) }}
{%- endmacro %}

{# Days by which a message may make another one a reply, rounded up. #}
{% macro days_that_replies_reach() -%}
    {{ return(((var('reply_window_minutes') / 1440) | round(0, 'ceil')) | int) }}
{%- endmacro %}

{# Days by which a message may answer an earlier one, or make a later one no question, rounded up. #}
{% macro days_that_questions_reach() -%}
    {{ return(((var('response_window_hours') / 24) | round(0, 'ceil')) | int) }}
{%- endmacro %}
