-- Votes of counted persons in communities. Voting again changes a vote, it does not add one.
with polls as (
    select * from {{ ref('stg_wecom__polls') }}
    where vote_action = 'join'
),

-- the file of polls does not know what was taken back
recalls as (
    select * from {{ ref('int_message_recalls_listed') }}
),

communities as (
    select * from {{ ref('int_communities_described') }}
),

identities as (
    select * from {{ ref('int_identities_resolved') }}
),

persons as (
    select * from {{ ref('int_persons_classified') }}
    where is_counted
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

exports as (
    select * from {{ ref('int_exports_covered') }}
    where export_name = 'wecom__polls'
),

rank_votes as (
    select
        polls.message_id as vote_id,
        polls.poll_id,
        identities.person_id,
        communities.community_id,
        polls.sent_at as voted_at,
        row_number() over (
            partition by identities.person_id, polls.poll_id
            order by polls.sent_at, polls.message_id
        ) as vote_number
    from polls
    inner join communities on polls.chat_id = communities.community_id
    inner join identities on polls.sender_key = identities.identity_key
    inner join persons on identities.person_id = persons.person_id
    where
        not exists (
            select 1
            from recalls
            where recalls.message_id = polls.message_id
        )
),

final as (
    select
        rank_votes.vote_id,
        rank_votes.poll_id,
        rank_votes.person_id,
        rank_votes.community_id,
        rank_votes.voted_at,
        cast(rank_votes.voted_at as date) as date_day
    from rank_votes
    cross join calendar
    cross join exports
    where
        rank_votes.vote_number = 1
        and cast(rank_votes.voted_at as date) >= calendar.history_start_date
        and cast(rank_votes.voted_at as date) <= calendar.as_of_date
        and cast(rank_votes.voted_at as date) <= exports.last_day
)

select * from final
