"""Erasing what is known of a customer (core.md §9.3), in all Applications of their environment.

Gone are the custom attributes of the profile, of its sessions and their cart items and of its events, and identifiers;
from the log and from answers kept for Idempotency-Keys as well; and all rows of the access log that mention the
customer or one of those sessions. Ids, totals, effects and counters stay.

The customer is locked first, then their sessions, as everywhere; `erasures` of both is raised, by which a request that
was judged with what it read before notices that it may not be written (db/customer_sessions).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec import UNSET, structs

from guerdon.db import access_logs
from guerdon.db.idempotency import KEPT_FOR
from guerdon.db.pool import Connection, Row, first
from guerdon.engine.effects import Effect
from guerdon.engine.erase import erase, erase_effects
from guerdon.engine.facts import Facts
from guerdon.wire.base import decoder, encode, encode_text
from guerdon.wire.customer_sessions import SessionContent

AT_A_TIME = 500

LOCK_PROFILE = """
SELECT p.id, a.account_id, a.sandbox FROM profiles p
JOIN applications a ON a.account_id = p.account_id AND a.sandbox = p.sandbox
WHERE a.id = $1 AND p.integration_id = $2
FOR UPDATE OF p
"""
ERASE_PROFILE = """
UPDATE profiles SET attributes = '{}', version = version + 1, erasures = erasures + 1
WHERE account_id = $1 AND id = $2
"""
LOCK_SESSIONS = """
SELECT s.id, s.integration_id, s.updated, s.content, s.effects
FROM customer_sessions s JOIN applications a ON a.id = s.application_id
WHERE a.account_id = $1 AND s.profile_id = $2
ORDER BY s.id FOR UPDATE OF s
"""
UPDATE_SESSIONS = """
UPDATE customer_sessions s SET content = n.content::jsonb, effects = n.effects::json, erasures = s.erasures + 1
FROM unnest($2::bigint[], $3::text[], $4::text[]) AS n (id, content, effects)
WHERE s.id = n.id AND s.application_id IN (SELECT id FROM applications WHERE account_id = $1)
"""
# Entries of the customer and of their sessions, which may have been anonymous at first; and those in which they are the
# advocate of somebody else. The text is what events_advocate is for.
LIST_EVENTS = """
SELECT e.id, e.created FROM events e JOIN applications a ON a.id = e.application_id
WHERE a.account_id = $1 AND e.profile_id = $2
UNION
SELECT e.id, e.created FROM events e JOIN applications a ON a.id = e.application_id
WHERE a.account_id = $1 AND e.session_id = ANY ($3::bigint[])
UNION
SELECT e.id, e.created FROM events e JOIN applications a ON a.id = e.application_id
WHERE a.account_id = $1 AND a.sandbox = $4 AND e.facts::text LIKE '%"advocate":{%'
    AND e.facts #>> '{advocate,integration_id}' = $5
ORDER BY id
"""
SELECT_EVENTS = """
SELECT e.id, e.created, e.facts, e.effects,
    coalesce(e.profile_id = $2, false) OR coalesce(e.session_id = ANY ($3), false) AS own
FROM unnest($4::bigint[], $5::timestamptz[]) AS n (id, created)
JOIN events e ON e.id = n.id AND e.created = n.created
JOIN applications a ON a.id = e.application_id AND a.account_id = $1
"""
UPDATE_EVENTS = """
UPDATE events e SET facts = n.facts::json, effects = n.effects::json
FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[]) AS n (id, created, facts, effects)
WHERE e.id = n.id AND e.created = n.created AND e.application_id IN (SELECT id FROM applications WHERE account_id = $1)
"""
ERASE_ADVANCED = """
UPDATE advanced_events e SET attributes = '{}'
WHERE e.profile_id = $2 AND e.application_id IN (SELECT id FROM applications WHERE account_id = $1)
"""
# Sessions of others in which the customer is the advocate.
LIST_FRIENDS = """
SELECT DISTINCT s.integration_id FROM events e JOIN applications a ON a.id = e.application_id
JOIN customer_sessions s ON s.id = e.session_id
WHERE a.account_id = $1 AND a.sandbox = $2 AND e.facts::text LIKE '%"advocate":{%'
    AND e.facts #>> '{advocate,integration_id}' = $3
"""
# Answers that name the customer, or a session of theirs.
LOCK_ANSWERS = """
SELECT k.application_id, k.digest, k.content FROM idempotency_keys k JOIN applications a ON a.id = k.application_id
WHERE a.account_id = $1 AND a.sandbox = $2
    AND EXISTS (SELECT FROM unnest($3::bytea[]) AS named (id) WHERE position(named.id IN k.content) > 0)
ORDER BY k.application_id, k.digest FOR UPDATE OF k
"""
UPDATE_ANSWER = "UPDATE idempotency_keys SET content = $3 WHERE application_id = $1 AND digest = $2"


async def erase_customer(conn: Connection, application_id: int, integration_id: str, now: datetime) -> None:
    """Erase the data of a customer of the Application's environment. Raises NotFound."""
    profile = first(await conn.fetchrow(LOCK_PROFILE, application_id, integration_id), "Customer profile")
    account_id, profile_id = profile["account_id"], profile["id"]
    await conn.execute(ERASE_PROFILE, account_id, profile_id)
    sessions = await conn.fetch(LOCK_SESSIONS, account_id, profile_id)
    for some in _batches(sessions):
        contents = [_content(row["content"]) for row in some]
        effects = [_effects(row["effects"]) for row in some]
        await conn.execute(UPDATE_SESSIONS, account_id, [row["id"] for row in some], contents, effects)
    session_ids = [row["id"] for row in sessions]
    scope = (account_id, profile_id, session_ids)
    entries = await conn.fetch(LIST_EVENTS, *scope, profile["sandbox"], integration_id)
    for some in _batches(entries):
        await _erase_entries(conn, scope, some, integration_id)
    await conn.execute(ERASE_ADVANCED, account_id, profile_id)
    named = [integration_id, *(row["integration_id"] for row in sessions if row["updated"] > now - KEPT_FOR)]
    for row in await conn.fetch(LOCK_ANSWERS, account_id, profile["sandbox"], [encode(one) for one in named]):
        content = encode(_without_data(decoder(Any).decode(row["content"])))
        await conn.execute(UPDATE_ANSWER, row["application_id"], row["digest"], content)
    friends = await conn.fetch(LIST_FRIENDS, account_id, profile["sandbox"], integration_id)
    mentions = {integration_id, *(row["integration_id"] for row in (*sessions, *friends))}
    await access_logs.erase(conn, (account_id, profile["sandbox"]), mentions, now)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, AT_A_TIME)):
        yield some


def _content(text: str) -> str:
    """What a session holds, without attributes and identifiers."""
    content = decoder(SessionContent).decode(text)
    lines = [line if line.attributes is UNSET else structs.replace(line, attributes={}) for line in content.cart_items]
    identifiers: Any = UNSET if content.identifiers is UNSET else []
    return encode_text(structs.replace(content, attributes={}, identifiers=identifiers, cart_items=lines))


def _effects(text: str) -> str:
    return encode_text(erase_effects(decoder(list[Effect]).decode(text), ("Session", "Profile")))


async def _erase_entries(
    conn: Connection, scope: tuple[int, int, Sequence[int]], entries: Sequence[Row], integration_id: str
) -> None:
    ids, created = [row["id"] for row in entries], [row["created"] for row in entries]
    rows = await conn.fetch(SELECT_EVENTS, *scope, ids, created)
    changed = []
    for row in rows:
        facts, effects = erase(
            decoder(Facts).decode(row["facts"]),
            decoder(list[Effect]).decode(row["effects"]),
            integration_id,
            own=row["own"],
        )
        changed.append((row["id"], row["created"], encode_text(facts), encode_text(effects)))
    await conn.execute(UPDATE_EVENTS, scope[0], *map(list, zip(*changed, strict=True)))


def _without_data(answer: Any) -> Any:
    """A kept answer without anybody's attributes and identifiers: it is given again, for a day at most."""
    if isinstance(answer, list):
        return [_without_data(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    if answer.get("effectType") == "updateAttribute":
        return answer | {"props": answer["props"] | {"value": None}}
    emptied: dict[str, Any] = {"attributes": {}, "identifiers": []}
    return {name: emptied[name] if name in emptied else _without_data(value) for name, value in answer.items()}
