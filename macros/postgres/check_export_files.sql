{# Each seed is checked as it is loaded, require_sound_seed(), and landed files by `kpi load`, which copies them. #}
{% macro postgres__check_export_files() -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and landing != '' -%}{%- do require_loaded(landing) -%}{%- endif -%}
{%- endmacro %}

{% macro postgres__is_built_of_exports() -%}
    {{ return(run_query("select to_regclass('" ~ place('increments') ~ ".whole_builds') is not null")[0][0]) }}
{%- endmacro %}

{# Stops with a message unless what lies in the tables of schema landing is a copy of this landing directory. #}
{% macro require_loaded(landing) -%}
    {%- set command = 'kpi load --landing ' ~ landing ~ ' --target ' ~ target.name -%}
    {%- set schema = place('landing') -%}
    {%- if run_query("select to_regclass('" ~ schema ~ ".directory') is null")[0][0] -%}
        {{ exceptions.raise_compiler_error(
            'target ' ~ target.name ~ ': no exports are loaded. PostgreSQL reads no files here: copy what is landed first, '
            ~ command ~ ', and again whenever something was landed or erased.'
        ) }}
    {%- endif -%}
    {%- set loaded = run_query('select path from ' ~ schema ~ '.directory').columns[0].values() -%}
    {%- if landing.rstrip('/') not in loaded -%}
        {{ exceptions.raise_compiler_error(
            'target ' ~ target.name ~ ': COMMUNITY_METRICS_EXPORTS says ' ~ landing ~ ', and loaded is ' ~ loaded | join
            ~ '. Set it to that, or load the other one: ' ~ command ~ ' --replace'
        ) }}
    {%- endif -%}
{%- endmacro %}
