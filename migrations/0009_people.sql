-- People: users that are invited, deleted and recover their passwords, roles, limits of guesses, and what keys are used.

ALTER TABLE accounts
    ADD COLUMN billing_email text NOT NULL DEFAULT '',
    ADD COLUMN plan_expires timestamptz,
    ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN modified timestamptz;  -- NULL: never

-- A deleted user stays behind what it made, and its address is free again.
ALTER TABLE users
    ADD COLUMN modified timestamptz,  -- NULL: never
    ADD COLUMN deleted timestamptz,
    ADD COLUMN last_signed_in timestamptz,
    ADD COLUMN application_notification_subscriptions jsonb NOT NULL DEFAULT '{}',
    DROP CONSTRAINT users_email_key;
CREATE UNIQUE INDEX users_email_key ON users (lower(email)) WHERE deleted IS NULL;
CREATE INDEX users_account ON users (account_id, id) WHERE deleted IS NULL;
CREATE INDEX logins_user ON logins (user_id);

-- One of a kind for each user; used once.
CREATE TABLE user_tokens (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL,
    token_hash bytea NOT NULL,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    PRIMARY KEY (user_id, kind),
    CONSTRAINT user_tokens_hash_key UNIQUE (token_hash)
);

-- Guesses of passwords by the address they were for, known or not; no address is kept.
CREATE TABLE login_attempts (
    email_hash bytea PRIMARY KEY,
    attempts int NOT NULL,
    since timestamptz NOT NULL
);
CREATE INDEX login_attempts_since ON login_attempts (since);

CREATE TABLE roles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    permissions jsonb NOT NULL DEFAULT '{}',
    created timestamptz NOT NULL,
    modified timestamptz NOT NULL,
    CONSTRAINT roles_name_key UNIQUE (account_id, name)
);
CREATE TABLE role_members (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role_id bigint NOT NULL REFERENCES roles ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);
CREATE INDEX role_members_role ON role_members (role_id);

CREATE INDEX management_keys_account ON management_keys (account_id, id);
-- Beside the keys, so that writing down that one is used touches nothing that a request reads but this.
CREATE TABLE management_key_uses (
    key_id bigint PRIMARY KEY REFERENCES management_keys ON DELETE CASCADE,
    last_used timestamptz NOT NULL
);
