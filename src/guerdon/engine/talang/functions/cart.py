"""What is asked of the cart and its attributes: is one set, is a SKU in a collection."""

from collections.abc import Callable
from typing import Any

from guerdon.engine.talang.kinds import BOOLEAN, TEXT
from guerdon.engine.talang.known import COLLECTION
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import ERRORS, EvaluationError


@declare("attributeExists", "attribute", returns=BOOLEAN, lazy=True)
def _attribute_exists(attempt: Callable[[], Any]) -> bool:
    """Whether a custom attribute is set, e.g. `["attributeExists", [".", "Profile", "Attributes", "tier"]]`."""
    try:
        return attempt() is not None
    except ERRORS:
        return False


@declare("inCollection", TEXT, COLLECTION, returns=BOOLEAN)
def _in_collection(value: str, collection: frozenset[str]) -> bool:
    """Whether a text is in a collection, given by name; exact match."""
    return value in collection


@declare("inCollection", TEXT, TEXT, returns=BOOLEAN, frame=True)
def _in_named_collection(frame: Any, value: str, name: str) -> bool:
    """The same for a name that is computed; a collection that is not there is an error."""
    collection = frame.collection(name)
    if collection is None:
        raise EvaluationError(f"there is no collection {name!r}")
    return value in collection
