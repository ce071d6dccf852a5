-- A community that the hand-kept register does not list has no type: its figures stand under `unclassified`.
{{ config(severity='warn') }}

select
    community_id,
    community_name
from {{ ref('dim_communities') }}
where community_type = 'unclassified'
