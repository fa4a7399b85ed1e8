"""The functions of the rule language; importing this package declares them all."""

from guerdon.engine.talang.functions import (
    bundles,
    cart,
    codes,
    custom,
    customers,
    discounts,
    effects,
    failure,
    limits,
    lists,
    logic,
    loyalty,
    math,
    sorting,
    text,
    time,
)

__all__ = [
    "bundles", "cart", "codes", "custom", "customers", "discounts", "effects", "failure", "limits", "lists", "logic",
    "loyalty", "math", "sorting", "text", "time",
]  # fmt: skip
