{# Each seed is checked as it is loaded: require_sound_seed(). #}
{% macro spark__check_export_files() -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and landing != '' -%}{%- do require_known_files(landing) -%}{%- endif -%}
{%- endmacro %}

{#
    Listed without being read, of a folder two levels: <export>/*.parquet, or <export>/<day or another>/*.parquet. Spark ends the
    run itself, naming the directory, where nothing fits the pattern.
#}
{% macro spark__files_of_landing(directory) -%}
    {%- set pattern = directory ~ '/{landed.json,*.csv,*.parquet,*/*.parquet,*/*/*.parquet}' -%}
    {%- set known, question = found_once(), 'files of ' ~ directory -%}
    {%- if question not in known -%}
        {%- set files = [] -%}
        {%- for path in run_query('select path from ' ~ files_at('binaryFile', pattern)).columns[0].values() -%}
            {%- do files.append(directory ~ path.split(directory, 1)[1]) -%}
        {%- endfor -%}
        {%- do known.update({question: files | sort}) -%}
    {%- endif -%}
    {{ return(known[question] | reject('equalto', directory ~ '/landed.json') | list) }}
{%- endmacro %}
