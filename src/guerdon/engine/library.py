"""What the team has set up besides campaigns, and rules name: programs, pools, audiences, collections and the like.

The checker looks names up here before anything runs; what is not here cannot be used in a rule.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from guerdon.engine.facts import Store
from guerdon.engine.texts import Texts


class AdditionalCost(Struct, frozen=True, kw_only=True):
    """A kind of additional cost; rules name it by its API name. `type` says where it may stand: session, item or
    both."""

    id: int
    name: str
    type: str = "both"

    def may_stand(self, on: str) -> bool:
        """Whether a session or an item (`on`) may have it."""
        return self.type in (on, "both")


class Tier(Struct, frozen=True, kw_only=True):
    """A tier of a loyalty program and the points from which a customer is in it."""

    name: str
    min_points: Decimal


class LoyaltyProgram(Struct, frozen=True, kw_only=True):
    """A loyalty program. `card_based` programs keep their points on cards, not on profiles. `default_pending` and
    `default_validity` are durations (loyalty.md §2) in the program's time zone: when points become active after they
    were added, and how long they then last."""

    id: int
    name: str
    title: str = ""
    card_based: bool = False
    tiers: tuple[Tier, ...] = ()
    allow_subledger: bool = True
    default_pending: str = "immediate"
    default_validity: str = "unlimited"
    timezone: str = "UTC"


class Achievement(Struct, frozen=True, kw_only=True):
    """A goal that customers make progress towards. `recurrence` is no_recurrence, on_expiration or on_completion:
    whether one can start anew, and when. After `end_date` there is no progress any more."""

    id: int
    name: str
    target: Decimal
    title: str = ""
    recurrence: str = "no_recurrence"
    end_date: datetime | None = None


class Named(Struct, frozen=True, kw_only=True):
    """An audience, giveaway pool or webhook: rules give the id, effects carry the name."""

    id: int
    name: str


class EffectParameter(Struct, frozen=True, kw_only=True):
    """A parameter of a custom effect or template: string, boolean, number, time, (list string) or (list number)."""

    type: str
    title: str = ""
    key: str = ""


class CustomEffectDefinition(Struct, frozen=True, kw_only=True):
    """A custom effect: `payload` is JSON text with placeholders for the parameters (rules.md §4.3)."""

    id: int
    name: str
    payload: str
    per_item: bool = False
    parameters: tuple[EffectParameter, ...] = ()


class Template(Struct, frozen=True, kw_only=True):
    """A named expression with parameters `["#", 0]` and on (rules.md §1.6)."""

    name: str
    expression: Any
    parameters: tuple[EffectParameter, ...] = ()


class Library(Struct, frozen=True, kw_only=True):
    """Everything of the account that rules of an Application may name. `stores` are by integration id; `event_types`
    are those of custom events, whether they were defined by themselves or with an attribute of Events."""

    additional_costs: Mapping[str, AdditionalCost] = {}
    loyalty_programs: Mapping[int, LoyaltyProgram] = {}
    achievements: Mapping[int, Achievement] = {}
    audiences: Mapping[int, Named] = {}
    giveaway_pools: Mapping[int, Named] = {}
    webhooks: Mapping[int, Named] = {}
    custom_effects: Mapping[int, CustomEffectDefinition] = {}
    templates: tuple[Template, ...] = ()
    cart_item_filters: Mapping[str, Any] = {}
    collections: Mapping[str, frozenset[str] | Texts] = {}
    value_maps: Mapping[int, Mapping[str, Decimal]] = {}
    stores: Mapping[str, Store] = {}
    event_types: frozenset[str] = frozenset()


EMPTY = Library()
