"""The functions of the rule language; importing this package declares them all."""

from guerdon.engine.talang.functions import cart, effects, failure, lists, logic, math, text, time

__all__ = ["cart", "effects", "failure", "lists", "logic", "math", "text", "time"]
