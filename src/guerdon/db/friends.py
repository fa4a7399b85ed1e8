"""Friends: who redeemed a referral of an advocate (management.md §7)."""

from guerdon.db.paging import Listing, Page
from guerdon.db.pool import Connection, Row
from guerdon.wire.referrals import ApplicationReferee

# $1 Application, $2 the advocate. A session redeems one referral at a time, so its id tells the rows apart.
LIST = Listing(
    select="""
SELECT * FROM (
    SELECT s.id, d.application_id, s.integration_id AS session_id, r.advocate_integration_id,
        p.integration_id AS friend_integration_id, r.value AS code, d.redeemed_at AS created
    FROM referrals r
    JOIN referral_redemptions d ON d.referral_id = r.id AND d.rolled_back_at IS NULL
    JOIN customer_sessions s ON s.id = d.session_id
    JOIN profiles p ON p.id = d.profile_id
    WHERE r.application_id = $1 AND r.advocate_integration_id = $2) AS friend
WHERE true
""",
    filters={},
    sorts={
        "created": "created",
        "sessionId": "session_id",
        "friendIntegrationId": "friend_integration_id",
        "code": "code",
    },
)


async def list_friends(
    conn: Connection, advocate: tuple[int, str], page: Page, *, total: bool
) -> tuple[list[ApplicationReferee], bool, int | None]:
    """One page of the friends of `advocate` = (Application id, integration id), whether more follow and, if asked for,
    how many there are."""
    rows, more = await LIST.fetch(conn, advocate, {}, page)
    return [_friend(row) for row in rows], more, await LIST.count(conn, advocate, {}) if total else None


def _friend(row: Row) -> ApplicationReferee:
    return ApplicationReferee(**{name: value for name, value in row.items() if name != "id"})
