{# Each seed is checked as it is loaded: require_sound_seed(). #}
{% macro spark__check_export_files() -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and landing != '' -%}{%- do require_known_files(landing) -%}{%- endif -%}
{%- endmacro %}

{#
    Listed without being read. Spark refuses a pattern that nothing fits, naming it, so a directory needs its manifest: what
    lies in folders is live by that alone.
#}
{% macro spark__files_of_landing(directory) -%}
    {%- set pattern = directory ~ '/{landed.json,*.csv,*.parquet,*/*.parquet}' -%}
    {%- set files = [] -%}
    {%- for path in run_query('select path from ' ~ files_at('binaryFile', pattern)).columns[0].values() -%}
        {%- do files.append(directory ~ path.split(directory, 1)[1]) -%}
    {%- endfor -%}
    {%- set manifest = directory ~ '/landed.json' -%}
    {%- if manifest not in files -%}
        {{ exceptions.raise_compiler_error(
            manifest ~ ': missing. Spark reads what kpi ingest has landed, and beside it files that were put there by hand.'
        ) }}
    {%- endif -%}
    {%- do files.remove(manifest) -%}
    {{ return(files | sort) }}
{%- endmacro %}
