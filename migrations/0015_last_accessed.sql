-- When a user was last seen, to the minute.
ALTER TABLE users ADD COLUMN last_accessed timestamptz;
-- All messages of a notification, newest first.
CREATE INDEX message_logs_notification ON message_logs (account_id, entity_type, notification_id, created, id)
    WHERE notification_id IS NOT NULL;
