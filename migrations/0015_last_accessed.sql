-- When a user was last seen, to the minute: apart from the user, so that being seen waits for nobody who changes them.
CREATE TABLE user_visits (
    user_id bigint PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    last_accessed timestamptz NOT NULL
);
-- All messages of a notification, newest first.
CREATE INDEX message_logs_notification ON message_logs (account_id, entity_type, notification_id, created, id)
    WHERE notification_id IS NOT NULL;
