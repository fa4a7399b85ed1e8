"""What every request looks up is found by its key, also where tables have no statistics yet: the plan that a connection
makes then stays with it."""

import asyncio
import re

import asyncpg
import pytest

from guerdon.db import customer_sessions


@pytest.fixture
def plan(database):
    async def explain(statement):
        conn = await asyncpg.connect(database)
        try:
            await conn.execute("SET plan_cache_mode = force_generic_plan")
            await conn.execute(f"PREPARE looked AS {statement}")
            nulls = ", ".join(["NULL"] * max(int(number) for number in re.findall(r"\$(\d+)", statement)))
            return "\n".join(row[0] for row in await conn.fetch(f"EXPLAIN EXECUTE looked({nulls})"))
        finally:
            await conn.close()

    return lambda statement: asyncio.run(explain(statement))


def test_what_a_session_is_read_by(plan):
    found = plan(customer_sessions.READ)
    for key in (
        "customer_sessions_integration_id_key on customer_sessions",
        "profiles_integration_id_key on profiles",
        "coupons_value_key on coupons",
        "applications_pkey on applications",
        "customer_sessions_profile on customer_sessions",
    ):
        assert key in found, found
