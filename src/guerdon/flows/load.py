"""The program at the newest revision, and all that is stored around a session: what a request starts from."""

from collections.abc import Sequence
from datetime import datetime

from guerdon.db import customer_sessions
from guerdon.db.customer_sessions import Read
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.program import Program
from guerdon.errors import Unauthorized
from guerdon.flows.programs import Programs


async def load(
    conn: Connection,
    programs: Programs,
    key: IntegrationKey,
    integration_id: str,
    named: tuple[str | None, Sequence[str] | None],
    now: datetime,
) -> tuple[Program, Read]:
    """Both in one read; a second one only where the first was made with codes folded by an older program, or with
    none at hand. `named` is the customer and the codes that the request names, None for those that are stored.
    Raises Unauthorized when the key no longer holds."""
    profile, codes = named
    known = programs.newest(key.application_id)
    while True:
        keys = known.needs("", codes).coupon_keys if known and codes is not None else None
        if known is None and codes is not None:
            keys = ()
        around = await customer_sessions.read(conn, key, integration_id, (profile, keys), now)
        if not around.key_alive:
            raise Unauthorized
        if known is not None and around.revision == known.revision:
            return known, around
        program = await programs.at(conn, key.application_id, around.revision)
        if codes is None or keys == program.needs("", codes).coupon_keys:
            return program, around
        known = program
