"""Replay the requests and answers of vectors/core.json against a server: `core_check.py ../shared [name …]`.

Each vector gets an Application of its own in an empty database, set up as core/setups.py says, and its answer is
compared with what the source shows: everything that the source shows must be there, but for ids, times and random
codes. Vectors that show the properties of an effect only are held against the document that the server gives out.
What we do not reproduce is listed with the reason in core_exceptions.txt, which may only shrink: a vector that fails
without a line there fails the check, and so does a line that is not needed. With names, it says what came of those.
"""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx

from core.setups import REQUESTS, SETUPS
from core.shop import Shop
from guerdon import first_run
from guerdon.api.app import build_app
from guerdon.db import pool
from guerdon.db.embedded import Embedded
from guerdon.settings import Settings

EXCEPTIONS = Path(__file__).parent / "core_exceptions.txt"
# What no two servers have in common; only its presence is compared.
OWN = {"id", "created", "updated", "applicationId", "campaignId", "rulesetId", "triggeredByCoupon"}
RANDOM = {"couponCreated", "referralCreated"}
KEY = "11" * 32
CROWD = 30
Json = Any


def main() -> int:
    """Exit status 1 when a vector fails that is not listed, or one that is listed does not."""
    found = json.loads((Path(sys.argv[1]) / "vectors" / "core.json").read_bytes())
    vectors = [one for part in ("vectors", "derivedVectors") for one in found[part]]
    if names := sys.argv[2:]:
        vectors = [one for one in vectors if one["name"] in names]
    wrong = asyncio.run(run(vectors))
    if names:
        print("\n".join(f"{name}: {why or 'reproduced'}" for name, why in wrong.items()))
        return 0
    excepted = exceptions(EXCEPTIONS.read_text())
    problems = [f"{name}: {why}" for name, why in wrong.items() if why and name not in excepted]
    needless = [name for name in excepted if not wrong.get(name, "not here")]
    problems += [f"{name}: reproduced, so take its line out of {EXCEPTIONS.name}" for name in needless]
    good = sum(not why for why in wrong.values())
    print("\n".join([*problems, f"{good} of {len(vectors)} reproduced, {len(problems)} wrong"]))
    return 1 if problems else 0


def exceptions(text: str) -> dict[str, str]:
    """The vectors that need not be reproduced, with the reasons: `name | reason`."""
    lines = [line.partition(" | ") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if missing := [name for name, _, reason in lines if not reason]:
        raise SystemExit(f"{EXCEPTIONS.name}: a reason is missing: {missing}")
    return {name: reason for name, _, reason in lines}


async def run(vectors: list[Json]) -> dict[str, str]:
    """What is wrong with each vector, by name; empty where nothing is."""
    async with server() as client:
        document = (await client.get("/openapi.json")).json()
        return {one["name"]: await difference(client, document["components"]["schemas"], one) for one in vectors}


@asynccontextmanager
async def server() -> AsyncIterator[httpx.AsyncClient]:
    """A client with the Management key of a server on an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="guerdon-core-"))
    database = Embedded(folder)
    try:
        settings = Settings(demo=False, management_key=KEY)
        await first_run.prepare(database.url, settings, datetime.now(UTC))
        connections = await pool.open_pool(database.url, 10)
        transport = httpx.ASGITransport(cast("Any", build_app({"pool": connections})))
        headers = {"Authorization": f"ManagementKey-v1 {KEY}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://guerdon", headers=headers) as client:
            yield client
        await connections.close()
    finally:
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def difference(client: httpx.AsyncClient, schemas: Json, vector: Json) -> str:
    """What is different from what the source shows."""
    name, expected = vector["name"], vector.get("expected", {})
    request = vector.get("request") or REQUESTS.get(name)
    if "steps" not in vector and not request:
        shown = [expected] if "props" in expected else expected["body"]["effects"]
        return next((why for one in shown if (why := of_document(schemas, one))), "")
    shop = await Shop.new(client)
    if request and expected.get("status") != 400:
        await shop.define(request)
    if name in SETUPS:
        await SETUPS[name](shop)
    if "steps" in vector:
        return await steps(shop, vector["steps"])
    if expected.get("status") == 409:
        return await crowd(shop, request, expected)
    return compare(expected, await shop.send(request))


async def steps(shop: Shop, several: list[Json]) -> str:
    """One request after the other; the first answer that is different."""
    for number, step in enumerate(several, 1):
        request, expected = step.get("request"), step.get("expected")
        if isinstance(request, str):  # "close s1": what it should give is a list of effects
            state, session_id = request.split()
            body = {"customerSession": {"state": {"close": "closed"}[state]}}
            request = {"method": "PUT", "path": f"/v2/customer_sessions/{session_id}", "body": body}
            expected = {"present": expected}
        if request and (why := compare(expected, await shop.send(request))):
            return f"step {number}: {why}"
    return ""


async def crowd(shop: Shop, request: Json, expected: Json) -> str:
    """Many at once, of which some are told to come back."""
    for _ in range(CROWD):
        answers = await asyncio.gather(*(shop.send(request) for _ in range(CROWD)))
        late = [answer for answer in answers if answer.status_code == expected["status"]]
        if late:
            return compare(expected, late[0])
    return "nobody was told to come back"


# --- comparing


def compare(expected: Json, answer: httpx.Response) -> str:
    """What of an answer is not as expected."""
    body = answer.json() if answer.content else {}
    effects = body.get("effects", [])
    session = body.get("customerSession", {})
    found: dict[str, Json] = {
        "status": answer.status_code,
        "message": body.get("message"),
        "body": body,
        "bodyKeys": list(body),
        "effects": effects,
        "effectsUnordered": sorted(effects, key=_kind),
        "effect": next((one for one in effects if not unlike(expected.get("effect"), one, "")), effects),
        "present": [one for one in effects if _kind(one) in map(_kind, expected.get("present", []))],
        "perItemEffectCount": sum(_kind(one).endswith("PerItem") for one in effects),
        "positions": [[one["props"].get("position"), one["props"].get("subPosition")] for one in effects],
        "derived": session,
        "storedUtc": body,
        **{name: value for name, value in session.items() if name.lower().endswith("total")},
    }
    wanted = expected | {"effectsUnordered": sorted(expected.get("effectsUnordered", effects), key=_kind)}
    wanted["present"] = [one if isinstance(one, dict) else {"effectType": one} for one in expected.get("present", [])]
    for name in wanted.keys() - {"eventType"}:
        if name not in found:
            return f"{name} cannot be compared: the answer does not have it"
        if why := unlike(wanted[name], found[name], name):
            return why
    return ""


def _kind(effect: Json) -> str:
    return str(effect.get("effectType", "")) if isinstance(effect, dict) else str(effect)


def unlike(wanted: Json, found: Json, where: str) -> str:
    """The first place where something that is wanted is not found; members may be more than wanted."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        skip = {"value"} if where.split("/")[-1] in RANDOM else set()
        for name in wanted.keys() - skip:
            if name not in found:
                return f"{where}/{name} is missing"
            place = f"{where}/{wanted['effectType']}" if name == "props" else f"{where}/{name}"
            if name not in OWN and (why := unlike(wanted[name], found[name], place)):
                return why
        return ""
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return next((why for at, pair in pairs if (why := unlike(*pair, f"{where}/{at}"))), "")
    return "" if wanted == found else f"{where} should be {wanted}, but is {found}"


def of_document(schemas: Json, effect: Json) -> str:
    """Whether the properties of an effect are those that the server's document has for its kind."""
    kind = effect["effectType"]
    schema = schemas.get(f"{kind[0].upper()}{kind[1:]}EffectProps")
    if schema is None:
        return f"the document has no {kind}"
    if unknown := effect["props"].keys() - schema["properties"].keys():
        return f"the document has no {sorted(unknown)} in {kind}"
    required = set(schema.get("required", []))
    if missing := required - effect["props"].keys():
        return f"{kind} has always {sorted(missing)} by the document"
    optional = set(effect.get("requiredProps", [])) - required
    return f"{kind}: the document does not promise {sorted(optional)}" if optional else ""


if __name__ == "__main__":
    sys.exit(main())
