-- Rows by which the hand-written tables differ from those of the models; none where both are right.
(
    select community_id, channel_id, sender_role, date_day, sent_hour, messages, customer_messages, effective_messages,
        team_messages
    from message_hours
    except all
    select community_id, channel_id, sender_role, date_day, sent_hour, messages, customer_messages, effective_messages,
        team_messages
    from built.marts.fct_message_hours
    where messages > 0
)
union all
(
    select community_id, channel_id, sender_role, date_day, sent_hour, messages, customer_messages, effective_messages,
        team_messages
    from built.marts.fct_message_hours
    where messages > 0
    except all
    select community_id, channel_id, sender_role, date_day, sent_hour, messages, customer_messages, effective_messages,
        team_messages
    from message_hours
)
