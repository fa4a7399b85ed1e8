-- Which counters a session was charged at. A counter that is forgotten takes its charges along, so an order has nothing to
-- get back from a limit that was defined after it.
CREATE TABLE limit_charges (
    session_id bigint NOT NULL REFERENCES customer_sessions ON DELETE CASCADE,
    counter_id bigint NOT NULL REFERENCES limit_counters ON DELETE CASCADE,
    CONSTRAINT limit_charges_pkey PRIMARY KEY (session_id, counter_id)
);
CREATE INDEX limit_charges_counter ON limit_charges (counter_id);
INSERT INTO limit_charges
SELECT DISTINCT s.id, l.id
FROM customer_sessions s CROSS JOIN LATERAL json_array_elements(s.charged) AS use
JOIN limit_counters l ON l.campaign_id = (use ->> 'campaign_id')::bigint AND l.action = use ->> 'action'
    AND l.period = use ->> 'period' AND l.entities = ARRAY(
        SELECT json_array_elements_text(pair) FROM json_array_elements(use -> 'entities') AS pair);
