{#-
    Generic tests of identities: each shows where two tables, or two parts of one, that must agree do not. What fails
    is listed with its key and with both sides. They stand here, and take names as sets, for the reasons that has_key.sql
    gives.
-#}

{#
    Names with what they are on this side and on the other: from a set or list of names that both sides share, or from
    a mapping of name to the other side, or to both. A figure that is only named is the sum of the column of that name.
#}
{% macro name_sides(columns, is_summed) -%}
    {%- set sides = [] -%}
    {%- for name in columns -%}
        {%- set plain = 'sum(' ~ name ~ ')' if is_summed else name -%}
        {%- set given = columns[name] if columns is mapping else none -%}
        {%- if given is none -%}
            {%- do sides.append((name, plain, plain)) -%}
        {%- elif given is string -%}
            {%- do sides.append((name, plain, given)) -%}
        {%- else -%}
            {%- do sides.append((name, given[0], given[1])) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(sides) }}
{%- endmacro %}

{# Both sides of an identity, group by group; `failure` is the comparison that must not be true of any figure. #}
{% macro compare_sides(model, there, figures, by, here_where, there_where, missing_is_zero, failure) -%}
    {%- set keys = name_sides(by, false) -%}
    {%- set figures = name_sides(figures, true) -%}
    {%- set names = keys | map('first') | list -%}
    with gather_sides as (
        select
            {% for name, here, _ in keys %}{{ here }} as {{ name }}, {% endfor %}
            {% for name, here, _ in figures -%}
            {{ here }} as {{ name }}_here, null as {{ name }}_there {{- ', ' if not loop.last }}
            {% endfor %}
        from {{ model }} as here
        where {{ here_where }}
        {{ 'group by ' ~ keys | map(attribute=1) | join(', ') if keys }}
        union all
        select
            {% for name, _, there in keys %}{{ there }} as {{ name }}, {% endfor %}
            {% for name, _, there in figures -%}
            null as {{ name }}_here, {{ there }} as {{ name }}_there {{- ', ' if not loop.last }}
            {% endfor %}
        from {{ there }} as there
        where {{ there_where }}
        {{ 'group by ' ~ keys | map(attribute=2) | join(', ') if keys }}
    ),

    pair_sides as (
        select
            {% for name in names %}{{ name }}, {% endfor %}
            {% for name, _, _ in figures -%}
            {% for side in ['here', 'there'] -%}
            {{ 'coalesce(' if missing_is_zero }}max({{ name }}_{{ side }}){{ ', 0)' if missing_is_zero }}
            as {{ name }}_{{ side }} {{- ', ' if not loop.last }}
            {%- endfor %} {{- ', ' if not loop.last }}
            {% endfor %}
        from gather_sides
        {{ 'group by ' ~ names | join(', ') if names }}
    )

    select *
    from pair_sides
    where
        {% for name, _, _ in figures -%}
        {{ name }}_here {{ failure }} {{ name }}_there {{- ' or' if not loop.last }}
        {% endfor %}
{%- endmacro %}

{# Passes if, group by group, each figure is the same here and there. #}
{% test figures_agree(
    model, there, figures, by={}, here_where='true', there_where='true', missing_is_zero=false
) %}
    {{ compare_sides(
        model, there, figures, by, here_where, there_where, missing_is_zero, 'is distinct from'
    ) }}
{% endtest %}

{# Passes if, group by group, no figure is greater here than there. What is not known on a side exceeds nothing. #}
{% test figures_never_exceed(
    model, there, figures, by={}, here_where='true', there_where='true', missing_is_zero=false
) %}
    {{ compare_sides(model, there, figures, by, here_where, there_where, missing_is_zero, '>') }}
{% endtest %}

{# Passes if, group by group, no figure is greater than the one before it in the list. #}
{% test never_grows(model, figures, by={}, here_where='true') %}
    {%- set keys = name_sides(by, false) -%}
    {%- set figures = name_sides(figures, true) -%}
    with sum_groups as (
        select
            {% for name, _, here in keys + figures %}{{ here }} as {{ name }} {{- ', ' if not loop.last }}{% endfor %}
        from {{ model }}
        where {{ here_where }}
        {{ 'group by ' ~ keys | map(attribute=2) | join(', ') if keys }}
    )

    select *
    from sum_groups
    where
        {% for name, _, _ in figures -%}
        {% if not loop.first %}{{ name }} > {{ loop.previtem[0] }} {{- ' or' if not loop.last }}{% endif %}
        {% endfor %}
{% endtest %}

{# Passes if in each row the total is what the parts add up to, or both are unknown. #}
{% test total_is_its_parts(model, total, plus, minus={}) %}
    {%- set parts = plus | join(' + ') ~ (' - ' ~ minus | join(' - ') if minus else '') -%}
    select
        *,
        {{ parts }} as sum_of_parts
    from {{ model }}
    where {{ total }} is distinct from {{ parts }}
{% endtest %}

{# Passes if each key that the other table has, once or more, is in exactly one row here, and no other key is. #}
{% test holds_each_once(model, key, there, here_where='true', there_where='true') %}
    {%- set keys = name_sides(key, false) -%}
    {%- set names = keys | map('first') | join(', ') -%}
    with gather_keys as (
        select
            {% for name, here, _ in keys %}{{ here }} as {{ name }}, {% endfor %}
            1 as rows_here,
            0 as is_there
        from {{ model }}
        where {{ here_where }}
        union all
        select distinct
            {% for name, _, other in keys %}{{ other }} as {{ name }}, {% endfor %}
            0 as rows_here,
            1 as is_there
        from {{ there }} as there
        where {{ there_where }}
    )

    select
        {{ names }},
        sum(rows_here) as rows_here,
        sum(is_there) as is_there
    from gather_keys
    group by {{ names }}
    having sum(rows_here) != 1 or sum(is_there) != 1
{% endtest %}

{# Condition that no row of a relation has a key that is there: as `not in`, of which Spark makes a loop within a loop. #}
{% macro is_not_among(key, relation, column) -%}
    case when {{ key }} in (select {{ column }} from {{ relation }}) then false else true end
{%- endmacro %}

{#
    Passes if each of the keys, where there is one, is found in the model and column that it leads to. Keys that come as
    they are from a list kept by hand may be orphans: those that orphaned_rows reports, or all while the list that they
    lead to is not loaded. The model is read once, whatever the number of keys: some are views over millions of rows.
#}
{% test keys_lead_somewhere(model, keys, orphans_in={}) %}
    {%- set lost = {} -%}
    {%- for key, target in keys.items() -%}
        {%- set other, column = target.split('.') -%}
        {%- set conditions = [
            key ~ ' is not null',
            is_not_among(key, ref(other), column),
        ] -%}
        {%- if key in orphans_in -%}
            {%- do conditions.extend([
                is_not_among(key, ref('orphaned_rows'), 'problem_value'),
                'exists (select 1 from ' ~ ref(other) ~ ' where ' ~ column ~ " != 'unattributed')",
            ]) -%}
        {%- endif -%}
        {%- do lost.update({key: conditions | join('\n            and ')}) -%}
    {%- endfor -%}
    with find_lost as (
        select
            {% for key, condition in lost.items() -%}
            case when {{ condition }} then cast({{ key }} as {{ dbt.type_string() }}) end as lost_{{ loop.index }}
            {{- ', ' if not loop.last }}
            {% endfor %}
        from {{ model }}
    ),

    count_lost as (
        select
            {% for _ in lost %}lost_{{ loop.index }}, {% endfor %}
            count(*) as rows_here
        from find_lost
        where {% for _ in lost %}lost_{{ loop.index }} is not null {{- ' or ' if not loop.last }}{% endfor %}
        group by {% for _ in lost %}lost_{{ loop.index }} {{- ', ' if not loop.last }}{% endfor %}
    )

    {% for key in lost %}
    select
        '{{ key | replace("'", "''") }}' as key_column,
        lost_{{ loop.index }} as key_value,
        sum(rows_here) as rows_here
    from count_lost
    where lost_{{ loop.index }} is not null
    group by lost_{{ loop.index }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endtest %}

{# Passes if what is open when a day begins was open when the day before it ended. #}
{% test opens_where_it_closed(model, opening, closing, by, day) %}
    with look_back as (
        select
            {{ by | join(', ') }},
            {{ day }},
            {{ opening }},
            lag({{ day }}) over (partition by {{ by | join(', ') }} order by {{ day }}) as day_before,
            lag({{ closing }}) over (partition by {{ by | join(', ') }} order by {{ day }}) as closing_before
        from {{ model }}
    )

    select *
    from look_back
    where day_before is not null
        and (
            day_before != {{ dbt.dateadd('day', -1, day) }}
            or {{ opening }} is distinct from closing_before
        )
{% endtest %}

{#
    Passes if of the periods of a thing none begins before the one before it ends. Seamless periods leave no gap either,
    and the last is open.
#}
{% test periods_do_not_overlap(model, by, starts, ends, is_seamless=false) %}
    with look_ahead as (
        select
            {{ by | join(', ') }},
            {{ starts }},
            {{ ends }},
            lead({{ starts }}) over (partition by {{ by | join(', ') }} order by {{ starts }}, {{ ends }}) as next_starts
        from {{ model }}
    )

    select *
    from look_ahead
    where
        {% if is_seamless -%}
        {{ ends }} is distinct from next_starts
        {%- else -%}
        next_starts is not null and ({{ ends }} is null or {{ ends }} > next_starts)
        {%- endif %}
{% endtest %}

{# Passes if the shares that the parts have in a whole, which another table tells, add up to one in each group. #}
{% test shares_sum_to_one(model, part, over, there, whole, by, here_where='true') %}
    {%- set keys = name_sides(by, false) -%}
    with sum_parts as (
        select
            {% for name, here, _ in keys %}{{ here }} as {{ name }}, {% endfor %}
            {{ over }},
            sum({{ part }}) as part
        from {{ model }}
        where {{ here_where }}
        group by {{ keys | map(attribute=1) | join(', ') }}, {{ over }}
    ),

    sum_wholes as (
        select
            {% for name, _, other in keys %}{{ other }} as {{ name }}, {% endfor %}
            sum({{ whole }}) as whole
        from {{ there }}
        group by {{ keys | map(attribute=2) | join(', ') }}
    )

    select
        {% for name, _, _ in keys %}sum_wholes.{{ name }}, {% endfor %}
        sum_wholes.whole,
        sum(sum_parts.part) as sum_of_parts,
        sum(1.0 * sum_parts.part / sum_wholes.whole) as sum_of_shares
    from sum_wholes
    left join sum_parts
        on {% for name, _, _ in keys %}sum_wholes.{{ name }} = sum_parts.{{ name }} {{- ' and ' if not loop.last }}{% endfor %}

    where sum_wholes.whole != 0
    group by {% for name, _, _ in keys %}sum_wholes.{{ name }}, {% endfor %}sum_wholes.whole
    having coalesce(abs(sum(1.0 * sum_parts.part / sum_wholes.whole) - 1), 1) > 0.000000001
{% endtest %}
