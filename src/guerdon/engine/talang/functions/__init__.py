"""The functions of the rule language; importing this package declares them all."""

from guerdon.engine.talang.functions import (
    bundles,
    cart,
    discounts,
    effects,
    failure,
    limits,
    lists,
    logic,
    math,
    text,
    time,
)

__all__ = ["bundles", "cart", "discounts", "effects", "failure", "limits", "lists", "logic", "math", "text", "time"]
