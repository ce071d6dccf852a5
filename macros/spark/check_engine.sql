{# Times are wall-clock times that no zone may shift, and a cell that is no number is an error, not silently nothing. #}
{% macro spark__check_engine() -%}
    {%- if execute -%}
        {%- set zone = run_query('select current_timezone()').rows[0][0] -%}
        {%- set ansi = run_query('set spark.sql.ansi.enabled').rows[0][1] -%}
        {%- if zone not in ['UTC', 'Etc/UTC', 'Z', '+00:00'] or ansi != 'true' -%}
            {{ exceptions.raise_compiler_error(
                "The Spark session is in time zone " ~ zone ~ " with spark.sql.ansi.enabled=" ~ ansi ~ ": times would be "
                ~ "shifted, or bad values turn into nothing. Set 'set:hiveconf:spark.sql.session.timeZone': UTC and "
                ~ "'set:hiveconf:spark.sql.ansi.enabled': 'true' under server_side_parameters of the target in profiles.yml, "
                ~ "as profiles.example.yml has them, or on the server"
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
