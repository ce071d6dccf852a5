{# Each seed is checked as it is loaded: require_sound_seed(). #}
{% macro spark__check_export_files() -%}
    {%- do refuse_landed_exports() -%}
{%- endmacro %}
