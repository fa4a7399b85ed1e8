"""Whether the rules of a campaign can run: what is wrong with them, as refusals of the back office say it."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from guerdon import engine
from guerdon.db import attributes, rulesets
from guerdon.db.pool import Connection
from guerdon.engine.attributes import types_of
from guerdon.errors import Problem
from guerdon.flows.programs import Programs
from guerdon.wire.base import decoder, encode
from guerdon.wire.rulesets import NewRuleset, Ruleset


async def problems(
    conn: Connection,
    programs: Programs,
    place: rulesets.Place,
    ruleset: NewRuleset | Ruleset,
    *,
    features: Iterable[str],
    item_only: bool,
    elsewhere: int | None = None,
    collections: Iterable[str] = (),
) -> list[Problem]:
    """Everything that is wrong with a ruleset of the campaign at `place`, if the campaign has these features and is
    of type cartItem or not. With `elsewhere`, as if it were one of that Application; with `collections`, as if it had
    such of its own.

    To be asked before anything is written: what the process knows of an Application is what was committed.
    """
    account_id, application_id, campaign_id = place
    definitions = await attributes.definitions(conn, account_id, elsewhere or application_id)
    library = await programs.library(conn, application_id, campaign_id, elsewhere=elsewhere)
    own = dict.fromkeys(collections, frozenset[str]())
    found = engine.check_ruleset(
        _plain(ruleset.rules),
        _plain(ruleset.bindings),
        attributes=types_of(definitions.values()),
        library=replace(library, collections={**library.collections, **own}),
        features=features,
        item_only=item_only,
        strikethrough_rules=_plain([] if ruleset.strikethrough_rules is UNSET else ruleset.strikethrough_rules),
    )
    return [Problem.at(problem.pointer, "Invalid expression", problem.message) for problem in found]


def _plain(structs: Any) -> list[dict[str, Any]]:
    """The JSON that is or will be stored, as the engine reads it back."""
    stored: list[dict[str, Any]] = decoder(Any).decode(encode(structs))
    return stored
