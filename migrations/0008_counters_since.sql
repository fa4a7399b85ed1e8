-- The oldest entry of the log that was counted in a counter. An order that was closed before has nothing to get back
-- here: what it took was of a limit that is gone.
ALTER TABLE limit_counters ADD COLUMN since bigint NOT NULL DEFAULT 0;
