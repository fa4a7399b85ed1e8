"""Facts that only some requests need, read when they do."""

from msgspec import structs

from guerdon.db import customer_sessions, session_codes
from guerdon.db.customer_sessions import Read, StoredSession
from guerdon.db.pool import Connection
from guerdon.engine.facts import Facts
from guerdon.engine.program import Program
from guerdon.errors import Retry
from guerdon.flows.merge import with_referral


async def with_its_referral(conn: Connection, program: Program, facts: Facts, around: Read) -> Facts:
    """The facts with the referral that the session's code names, if there is one; `around` is told of its advocate."""
    session = facts.session
    if not session.referral_code:
        return facts
    key = program.settings.fold(session.referral_code)
    found = await session_codes.find_referral(conn, program.settings.id, key, session.profile_id)
    if found is None:
        return facts
    around.advocate_erasures = found.advocate.erasures if found.advocate else 0
    return with_referral(facts, found)


async def with_standing(conn: Connection, program: Program, facts: Facts, stored: StoredSession) -> Facts:
    """The facts with what a closed session was given and still stands: what cancelling it, opening it again and
    returning items take back. Raises Retry when the session changed since it was read."""
    standing = await customer_sessions.find_standing(conn, program.settings.id, stored)
    if standing is None:
        raise Retry
    return structs.replace(facts, standing=standing)
