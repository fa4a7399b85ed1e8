"""A case: a request and everything that decides it, read from short JSON.

Members are those of Facts, Settings, CampaignSource and so on, in camelCase; what a case leaves out has a plain
default. A campaign has id 1, ruleset 11 and group 1; a session is open and has no items; a coupon is unlimited,
has the code SAVE and belongs to campaign 1; events that are not of a session have none; it is noon (UTC) of 15 June
2026.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from guerdon.engine.attributes import types_of
from guerdon.engine.facts import ZERO, AttributeDefinition, CartItem, Coupon, Facts, Profile, Session
from guerdon.engine.library import Library
from guerdon.engine.money import totals
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import CampaignSource, Group, Program, Settings, compile_program
from guerdon.engine.ruleset import compile_campaign
from guerdon.engine.talang.lookups import suggest

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
T = TypeVar("T", bound=Struct)
Fields = dict[str, Any]


class CaseProblem(ValueError):
    """A case that cannot be read: `pointer` says where, `message` what is wrong."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer or '/'}: {message}")
        self.pointer, self.message = pointer, message


class Case(Struct, frozen=True, kw_only=True):
    """What `evaluate` takes."""

    program: Program
    facts: Facts
    now: datetime


def read_case(text: str | bytes) -> Case:
    """Read a case from a JSON object; raises CaseProblem.

    `application` (Settings), `attributes` (each `[entity, name, type]` or an object), `campaigns` with their `rules`
    and `bindings`, `groups`, `library`, `now`, and the members of Facts. Unless the session names `couponCodes`,
    it has those of the coupons. `why` and the members of Outcome may stand beside them; they are not looked at.
    Lists of what has an id or a name are objects in the library: `{"audiences": {"7": {"name": "VIP"}}}`.
    """
    try:
        given = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode(text)
    except (msgspec.DecodeError, ArithmeticError) as error:
        raise CaseProblem("", f"a case is a JSON object: {error}") from None
    facts, setting = _parted(given)
    attributes = _read(tuple[AttributeDefinition, ...], setting.get("attributes", []), "/attributes")
    application = _read(Settings, setting.get("application", {}), "/application")
    library = _read(Library, setting.get("library", {}), "/library")
    types = types_of(attributes)
    sources = _read(tuple[CampaignSource, ...], setting.get("campaigns", []), "/campaigns")
    program = compile_program(
        1,
        application,
        attributes,
        [compile_campaign(source, types, library) for source in sources],
        library=library,
        groups=_read(tuple[Group, ...], setting.get("groups", []), "/groups"),
    )
    now = _read(datetime, setting["now"], "/now") if "now" in setting else NOW
    return Case(program=program, facts=make(Facts, facts), now=now)


def make(kind: type[T], given: Mapping[str, Any], pointer: str = "") -> T:
    """A struct of this kind from its members in camelCase; `pointer` is where they are. Raises CaseProblem."""
    hints = _hints(kind)
    known = {_camel(name): name for name in hints}
    for name in given:
        if name not in known:
            raise CaseProblem(f"{pointer}/{name}", f"{kind.__name__} has no `{name}`{suggest(name, list(known))}")
    fields = {known[name]: value for name, value in given.items()}
    if kind in _DEFAULTS:
        fields = _DEFAULTS[kind](fields)
    read = {name: _read(hints[name], value, f"{pointer}/{_camel(name)}") for name, value in fields.items()}
    if kind is Session:
        read |= _totals(read)
    try:
        return kind(**read)
    except TypeError as error:
        missing = _camel(str(error).split("'")[1])
        raise CaseProblem(pointer, f"{kind.__name__} needs `{missing}`") from None


def _parted(given: Fields) -> tuple[Fields, Fields]:
    """What is known of the request, and how the Application is set up."""
    facts = {_camel(name) for name in Facts.__struct_fields__}
    setting = {"application", "attributes", "campaigns", "groups", "library", "now"}
    expected = {_camel(name) for name in Outcome.__struct_fields__} | {"why", "triggered"}
    for name in given:
        if name not in facts | setting | expected:
            raise CaseProblem(f"/{name}", f"a case has no `{name}`{suggest(name, sorted(facts | setting | expected))}")
    return {name: given[name] for name in given if name in facts}, {
        name: given[name] for name in given if name in setting
    }


def _read(kind: Any, value: Any, pointer: str) -> Any:
    """A JSON value as this type: structs by their members, maps of structs by their id or name."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else _read(next(one for one in inner if one is not type(None)), value, pointer)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _struct(kind, value, pointer)
    if origin is tuple and inner[1:] == (...,):
        parts = _leaf(list[Any], value, pointer)
        return tuple(_read(inner[0], part, f"{pointer}/{index}") for index, part in enumerate(parts))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dict(_entry(inner, key, one, pointer) for key, one in _leaf(dict[Any, Any], value, pointer).items())
    return _leaf(kind, value, pointer)


def _struct(kind: type[Struct], value: Any, pointer: str) -> Struct:
    if isinstance(value, kind):
        return value
    if isinstance(value, list | tuple) and len(value) <= len(kind.__struct_fields__):
        value = {_camel(name): part for name, part in zip(kind.__struct_fields__, value, strict=False)}
    return make(kind, _leaf(dict[str, Any], value, pointer), pointer)


def _entry(kinds: tuple[Any, ...], key: Any, value: Any, pointer: str) -> tuple[Any, Any]:
    """An entry of a map. A struct in it takes its id or name from the key."""
    kind, where = kinds[1], f"{pointer}/{key}"
    if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict):
        value = {("id" if kinds[0] is int else "name"): key} | value
        value |= {"id": _leaf(int, value["id"], where)} if "id" in value else {}
    return _leaf(kinds[0], key, where), _read(kind, value, where)


def _leaf(kind: Any, value: Any, pointer: str) -> Any:
    try:
        read = msgspec.convert(value, kind, strict=not (kind is int and isinstance(value, str)))
    except msgspec.ValidationError as error:
        raise CaseProblem(pointer, str(error)) from None
    if isinstance(read, datetime) and read.tzinfo is None:
        raise CaseProblem(pointer, "a time needs its offset, such as 2026-06-15T12:00:00Z")
    return read


def _campaign(fields: Fields) -> Fields:
    fields = {"id": 1, "name": "Summer", "state": "enabled", "group_id": 1, "rules": [], "bindings": []} | fields
    return {"ruleset_id": 10 + fields["id"] if isinstance(fields["id"], int) else None} | fields


def _coupon(fields: Fields) -> Fields:
    fields = {
        "id": 7, "campaign_id": 1, "code": "SAVE", "usage_limit": 0, "usage_counter": 0, "discount_limit": None,
        "discount_counter": 0, "start_date": None, "expiry_date": None, "recipient_integration_id": None,
        "is_reservation_mandatory": False, "implicitly_reserved": False, "batch_id": None, "attributes": {},
    } | fields  # fmt: skip
    return {"value": fields["code"]} | fields


def _session(fields: Fields) -> Fields:
    fields = {
        "integration_id": "S-1", "state": "open", "profile_id": "", "store_integration_id": "", "referral_code": "",
        "coupon_codes": [], "identifiers": [], "loyalty_cards": [], "cart_items": [], "additional_costs": {},
        "attributes": {}, "first_session": True, "created": NOW, "updated": NOW,
    } | fields  # fmt: skip
    if isinstance(fields["cart_items"], list):
        fields["cart_items"] = [
            {"position": position} | line if isinstance(line, dict) else line
            for position, line in enumerate(fields["cart_items"])
        ]
    return fields


def _facts(fields: Fields) -> Fields:
    coupons = _read(tuple[Coupon, ...], fields.get("coupons", []), "/coupons")
    session = fields.get("session", {})
    if isinstance(session, dict):
        session = {"couponCodes": [coupon.code for coupon in coupons]} | session
    fields = {"event": "talon_session_updated", "profile": None, "explain": True} | fields
    if session == {"couponCodes": []} and not str(fields["event"]).startswith("talon_session_"):
        session = {"integrationId": "", "state": ""}
    return fields | {"coupons": coupons, "session": session}


_PROFILE = {
    "integration_id": "jane", "created": NOW, "last_activity": NOW, "closed_sessions": 0, "total_sales": ZERO,
    "attributes": {},
}  # fmt: skip
_SETTINGS = {"id": 1, "account_id": 1, "name": "Shop", "timezone": "UTC", "currency": "EUR"}
_DEFAULTS: dict[type, Any] = {
    CampaignSource: _campaign,
    CartItem: lambda fields: {"sku": f"SKU-{fields.get('position', 0)}", "quantity": 1, "price": 10} | fields,
    Coupon: _coupon,
    Facts: _facts,
    Profile: lambda fields: _PROFILE | fields,
    Session: _session,
    Settings: lambda fields: _SETTINGS | fields,
}


def _totals(session: Fields) -> Fields:
    sums = totals(session["cart_items"], session["additional_costs"].values())
    return {
        "cart_item_total": sums.cart_items,
        "additional_cost_total": sums.additional_costs,
        "cart_item_additional_cost_total": sums.cart_item_additional_costs,
        "total": sums.total,
    }


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
