"""Programs hold what the back office keeps: each part as of every revision, compiled again when it must be."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal

import make
from checkout import running
from guerdon.db import pool, programs
from guerdon.db.migrate import migrations
from guerdon.engine.facts import Limit
from guerdon.engine.program import Group
from guerdon.flows.programs import Programs
from parts import loaded


def test_a_campaign_has_its_limits_and_settings(server, manager):
    campaign, _ = running(
        manager,
        make.rule(),
        limits=[
            {"action": "setDiscount", "limit": 99.90, "entities": []},
            {"action": "redeemCoupon", "limit": 1, "period": "weekly", "entities": ["Profile", "Coupon"]},
        ],
        couponSettings={"validCharacters": ["A", "B", "1"], "couponPattern": "S-####"},
        referralSettings={"validCharacters": ["C"], "couponPattern": "R-####"},
        reevaluateOnReturn=True,
    )
    source = loaded(server).by_id[campaign["id"]].source
    assert source.limits == (
        Limit(action="setDiscount", limit=Decimal("99.9")),
        Limit(action="redeemCoupon", limit=Decimal(1), period="weekly", entities=("Profile", "Coupon")),
    )
    assert (source.coupon_pattern, source.coupon_characters) == ("S-####", "AB1")
    assert (source.referral_pattern, source.referral_characters) == ("R-####", "C")
    assert (source.reevaluate_on_return, source.position, source.stores, source.value_maps) == (
        True,
        0,
        frozenset(),
        (),
    )
    plain, _ = running(manager, make.rule())
    source = loaded(server).by_id[plain["id"]].source
    assert (source.limits, source.coupon_pattern, source.coupon_characters) == ((), "", "")
    assert source.reevaluate_on_return is False


def test_the_past_has_the_limits_of_then(server, manager):
    limits = [{"action": "setDiscount", "limit": 5, "entities": []}]
    campaign, _ = running(manager, make.rule(), limits=limits)
    then = make.revision(server)
    manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign(activeRulesetId=1)).raise_for_status()
    cache = Programs()
    assert loaded(server, cache=cache).by_id[campaign["id"]].source.limits == ()
    assert loaded(server, cache=cache, revision=then).by_id[campaign["id"]].source.limits[0].limit == 5


def test_groups_are_part_of_the_program(server, manager):
    running(manager, make.rule())
    assert loaded(server).tree is None  # one stackable group
    server.sql("UPDATE evaluation_groups SET evaluation_mode = 'listOrder', name = 'First'")

    async def record():
        conn = await pool.connect(server.database)
        try:
            await programs.record_part(conn, 1, "group", 1)
        finally:
            await conn.close()

    asyncio.run(record())
    tree = loaded(server).tree
    assert [branch.group for branch in tree.elements] == [Group(id=1, name="First", mode="listOrder")]
    manager.post("/v1/applications", json=make.application()).raise_for_status()
    kinds = server.sql("SELECT kind FROM program_parts WHERE application_id = 2 ORDER BY kind")
    assert [row["kind"] for row in kinds] == ["application", "group"]


def test_migration_records_campaigns_of_the_past_anew(server, manager):
    """What 0004 does for a database that has campaigns: their parts as this version writes them."""
    running(
        manager,
        make.rule(),
        limits=[{"action": "setDiscount", "limit": 5, "entities": [], "period": "daily"}],
        couponSettings={"validCharacters": ["A", "B"], "couponPattern": "S-####"},
        referralSettings={"validCharacters": ["C"], "couponPattern": "R-####"},
        startTime=(server.clock() - timedelta(days=1)).isoformat(),
        tags=["a"],
    )
    make.new_campaign(manager)
    newest = """
    SELECT DISTINCT ON (kind, part_id) kind, part_id, revision, data FROM program_parts
    WHERE kind IN ('campaign', 'group') ORDER BY kind, part_id, revision DESC
    """
    before = server.sql(newest)
    text = next(text for name, text in migrations() if name.startswith("0004"))
    for statement in text.partition("UPDATE applications SET revision")[2].partition(";")[2].split(";"):
        if statement.strip():
            server.sql("UPDATE applications SET revision = revision + 1")
            server.sql(statement)
    after = server.sql(newest)
    assert [(row["kind"], row["part_id"]) for row in after] == [("campaign", 1), ("campaign", 2), ("group", 1)]
    assert [json.loads(row["data"]) for row in after] == [json.loads(row["data"]) for row in before]
    assert all(new["revision"] > old["revision"] for new, old in zip(after, before, strict=True))
