{# Each seed is checked as it is loaded: require_sound_seed(). #}
{% macro spark__check_export_files() -%}
    {%- set landing = env_var('COMMUNITY_METRICS_EXPORTS', '') -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and landing != '' -%}{%- do require_known_files(landing) -%}{%- endif -%}
{%- endmacro %}

{% macro spark__is_built_of_exports() -%}
    {{ return(run_query("show schemas like '" ~ place('increments') ~ "'").rows | length > 0) }}
{%- endmacro %}

{#
    Listed without being read, at any depth. Names are put into patterns afterwards, and a pattern that fits nothing is silent, so
    a name that is a pattern itself ends the run.
#}
{% macro spark__files_of_landing(directory) -%}
    {%- set known, question = found_once(), 'files of ' ~ directory -%}
    {%- if question not in known -%}
        {%- if not (directory.startswith('/') or '://' in directory) -%}
            {{ exceptions.raise_compiler_error(
                'COMMUNITY_METRICS_EXPORTS: ' ~ directory ~ ' is a relative path, which Spark would look for where the server '
                ~ 'was started. Name the whole path, or a URL such as s3a://bucket/landed.'
            ) }}
        {%- endif -%}
        {%- do require_plain_name(directory) -%}
        {%- set files, stamps = [], {} -%}
        {%- for path, stamp in run_query(
            "select path, length || '@' || modificationTime from " ~ files_at('binaryFile', directory, {'recursiveFileLookup': 'true'})
            ~ " where path like '%.parquet' or path like '%.csv' or path like '%/landed.json'"
        ).rows -%}
            {%- if directory ~ '/' not in path -%}
                {{ exceptions.raise_compiler_error(
                    'COMMUNITY_METRICS_EXPORTS: Spark calls a file of ' ~ directory ~ ' ' ~ path
                    ~ '. Name the directory as it does.'
                ) }}
            {%- endif -%}
            {%- set file = path.split(directory ~ '/', 1)[1] -%}
            {%- do require_plain_name(file) -%}
            {%- do files.append(directory ~ '/' ~ file) -%}
            {%- do stamps.update({files[-1]: stamp}) -%}
        {%- endfor -%}
        {%- do known.update({question: files | sort, 'stamps of ' ~ directory: stamps}) -%}
    {%- endif -%}
    {{ return(known[question] | reject('equalto', directory ~ '/landed.json') | list) }}
{%- endmacro %}

{# Stops with a message at a name that Spark would read as a pattern. #}
{% macro require_plain_name(name) -%}
    {%- if modules.re.search('[][{}*?,\\\\`]', name) -%}
        {{ exceptions.raise_compiler_error(
            name ~ ': Spark reads names with [ ] { } * ? , ` or a backslash as patterns. Rename it.'
        ) }}
    {%- endif -%}
{%- endmacro %}
