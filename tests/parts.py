"""Programs as a process loads them."""

import asyncio

from guerdon.db import pool, programs
from guerdon.flows.programs import Programs


def loaded(server, *, cache=None, revision=None, application_id=1):
    """The program of an Application, by default the newest."""

    async def run():
        conn = await pool.connect(server.database)
        try:
            wanted = await programs.revision(conn, application_id) if revision is None else revision
            return await (cache or Programs()).at(conn, application_id, wanted)
        finally:
            await conn.close()

    return asyncio.run(run())
