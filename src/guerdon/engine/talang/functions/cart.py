"""What is asked of the cart and its codes: is the coupon valid, is an attribute set, is a SKU in a collection."""

from typing import Any

from guerdon.engine.talang.kinds import BOOLEAN, TEXT
from guerdon.engine.talang.registry import declare
from guerdon.engine.talang.values import ERRORS, EvaluationError

COUPON = frozenset({"Coupon"})


@declare("couponValid", BOOLEAN, optional=1, returns=BOOLEAN, frame=True, inputs=COUPON, feature="coupons")
def _coupon_valid(frame: Any, _redeem: bool = True) -> bool:
    """Whether a code of this campaign is being judged and passed its checks (core.md §6.3). The code is then
    accepted if the rule succeeds, and redeemed when the session closes unless all rules that accept it say
    `["couponValid", false]`."""
    return bool(frame.coupon_valid())


@declare("attributeExists", "attribute", returns=BOOLEAN, lazy=True)
def _attribute_exists(attempt: Any) -> bool:
    """Whether a custom attribute is set, e.g. `["attributeExists", [".", "Profile", "Attributes", "tier"]]`."""
    try:
        return attempt() is not None
    except ERRORS:
        return False


@declare("inCollection", TEXT, TEXT, returns=BOOLEAN, frame=True)
def _in_collection(frame: Any, value: str, name: str) -> bool:
    """Whether a text is in a collection, given by name; exact match. A collection that is not there is an error."""
    collection = frame.collection(name)
    if collection is None:
        raise EvaluationError(f"there is no collection {name!r}")
    return value in collection
