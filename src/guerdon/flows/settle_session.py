"""Return items of a closed session, or open it again (core.md §3.8, §3.9): what it was given is taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, structs

from guerdon.db.customer_sessions import Read, StoredSession
from guerdon.db.keys import IntegrationKey
from guerdon.db.pool import Connection
from guerdon.engine.facts import ReturnedLine
from guerdon.engine.program import Program
from guerdon.errors import Invalid, NotFound, Problem
from guerdon.flows.answer import return_of, state_of
from guerdon.flows.commit import Decided, commit, written_into
from guerdon.flows.complete import with_its_referral, with_standing
from guerdon.flows.decide import decide
from guerdon.flows.load import load
from guerdon.flows.merge import REOPENED, RETURNED, as_stored, facts_of
from guerdon.flows.programs import Programs
from guerdon.flows.trying import trying
from guerdon.wire.base import encode
from guerdon.wire.customer_sessions import (
    CartItem,
    NewReturnedCartItem,
    ReopenSessionResponse,
    ReturnIntegrationRequest,
)


class Settlement(Struct, frozen=True, kw_only=True):
    """A request on a session that is closed; see apply_session.Update for the members."""

    key: IntegrationKey
    integration_id: str
    now: datetime
    judged_at: datetime


async def reopen_session(connections: Any, programs: Programs, request: Settlement) -> bytes:
    """Open a closed session again; the JSON of ReopenSessionResponse. Raises NotFound, Invalid or Conflict."""
    return await trying(connections, request.key.application_id, lambda conn: _reopen(conn, programs, request))


async def _reopen(conn: Connection, programs: Programs, request: Settlement) -> bytes:
    program, around, stored = await _load(conn, programs, request)
    if stored.state != "closed":
        raise Invalid(f'Cannot move session to state "open" from state "{stored.state}"')
    merged = as_stored(stored, "open")
    facts = facts_of(REOPENED, request.integration_id, merged, around, program, request.now)
    facts = await with_standing(conn, program, facts, stored)
    facts, outcome = await decide(conn, program, facts, request.judged_at)
    decided = Decided(program, merged, facts, outcome, around, request.now, request.judged_at)
    await commit(conn, decided, [])
    return encode(ReopenSessionResponse(effects=list(outcome.effects)))


async def return_items(
    connections: Any,
    programs: Programs,
    request: Settlement,
    body: ReturnIntegrationRequest,
    *,
    dry: bool,
    run_rules: bool,
) -> bytes:
    """Return units of a closed session; the JSON of IntegrationStateV2. Raises NotFound, Invalid or Conflict."""
    return await trying(
        connections,
        request.key.application_id,
        lambda conn: _return(conn, programs, request, body, dry=dry, run_rules=run_rules),
    )


async def _return(
    conn: Connection,
    programs: Programs,
    request: Settlement,
    body: ReturnIntegrationRequest,
    *,
    dry: bool,
    run_rules: bool,
) -> bytes:
    program, around, stored = await _load(conn, programs, request)
    if stored.state not in ("closed", "partially_returned"):
        raise Invalid(f'Cannot move session to state "partially_returned" from state "{stored.state}"')
    before = stored.content
    returned = returned_lines(before.cart_items, body.return_.returned_cart_items)
    content = structs.replace(before, cart_items=_after(before.cart_items, returned))
    merged = structs.replace(as_stored(stored, "partially_returned"), content=content)
    facts = facts_of(RETURNED, request.integration_id, merged, around, program, request.now)
    facts = structs.replace(facts, returned=returned, run_rules=run_rules)
    facts = await with_standing(conn, program, facts, stored)
    if run_rules:
        facts = await with_its_referral(conn, program, facts, around)
    facts, outcome = await decide(conn, program, facts, request.judged_at)
    merged = written_into(merged, outcome)
    decided = Decided(program, merged, facts, outcome, around, request.now, request.judged_at)
    wanted = [] if body.response_content is UNSET else list(dict.fromkeys(body.response_content))
    if dry:
        return await _answer(conn, decided, None, wanted)
    return await _answer(conn, decided, await commit(conn, decided, list(wanted)), wanted)


async def _answer(conn: Connection, decided: Decided, kept: Any, wanted: Sequence[str]) -> bytes:
    state = await state_of(conn, decided, kept, wanted)
    state.return_ = return_of(decided, kept)
    return encode(state)


async def _load(conn: Connection, programs: Programs, request: Settlement) -> tuple[Program, Read, StoredSession]:
    program, around = await load(conn, programs, request.key, request.integration_id, (None, None), request.now)
    if around.session is None:
        raise NotFound.of("Session")
    return program, around, around.session


def returned_lines(items: Sequence[CartItem], wanted: Sequence[NewReturnedCartItem]) -> tuple[ReturnedLine, ...]:
    """The units that the request returns: of each line named, those of the lowest sub-positions that are left; of a
    SKU, line by line. Raises Invalid for lines and SKUs that are not there, and for more units than are left."""
    left = [item.quantity - (item.returned_quantity or 0) for item in items]
    first = [item.returned_quantity or 0 for item in items]
    taken: dict[int, int] = {}
    for place, one in enumerate(wanted):
        pointer = f"/returnedCartItems/{place}"
        positions = _positions(items, one, pointer)
        most = sum(left[at] for at in positions)
        if not most:
            raise Invalid(errors=[Problem.at(pointer, "Invalid value", "all of its units are returned already")])
        rest = most if one.quantity is UNSET else one.quantity
        if not 1 <= rest <= most:
            details = f"quantity must be from 1 to {most}, the units that are left"
            raise Invalid(errors=[Problem.at(f"{pointer}/quantity", "Invalid value", details)])
        for at in positions:
            count = min(rest, left[at])
            if count:
                taken[at] = taken.get(at, 0) + count
                left[at] -= count
                rest -= count
    return tuple(ReturnedLine(position=at, first=first[at], count=count) for at, count in sorted(taken.items()))


def _positions(items: Sequence[CartItem], one: NewReturnedCartItem, pointer: str) -> list[int]:
    if one.position is UNSET:
        if one.sku is UNSET:
            raise Invalid(errors=[Problem.at(pointer, "required", "position or sku is required")])
        found = [at for at, item in enumerate(items) if item.sku == one.sku]
        if not found:
            raise Invalid(errors=[Problem.at(f"{pointer}/sku", "Invalid value", f"no cart item has SKU {one.sku!r}")])
        return found
    if not 0 <= one.position < len(items):
        details = f"the session has no cart item at position {one.position}"
        raise Invalid(errors=[Problem.at(f"{pointer}/position", "Invalid value", details)])
    if one.sku is not UNSET and items[one.position].sku != one.sku:
        details = f"the cart item at position {one.position} does not have SKU {one.sku!r}"
        raise Invalid(errors=[Problem.at(f"{pointer}/sku", "Invalid value", details)])
    return [one.position]


def _after(items: Sequence[CartItem], returned: Sequence[ReturnedLine]) -> list[CartItem]:
    lines = list(items)
    for one in returned:
        line = lines[one.position]
        gone = one.first + one.count
        lines[one.position] = structs.replace(line, returned_quantity=gone, remaining_quantity=line.quantity - gone)
    return lines
