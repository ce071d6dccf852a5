{{ config(materialized='view') }}

with messages as (
    select * from {{ ref('stg_wecom__messages') }}
    where action = 'recall'
),

-- a message that several exports say was taken back was taken back once
final as (
    select distinct recalled_message_id as message_id
    from messages
)

select * from final
