"""Effects as typed blocks (rules.md §4.2)."""

from typing import Any

from msgspec import UNSET, UnsetType, structs

from guerdon.wire import rulesets_v2 as v2
from guerdon.wire.blocks.context import Context, who
from guerdon.wire.blocks.expressions import Untranslatable, braces, number_or_text, plain, text, whole

ENTITIES: dict[str, tuple[Any, str]] = {
    "Session": ("session", "CustomerSession"),
    "Profile": ("profile", "CustomerProfile"),
    "AdvocateProfile": ("advocateProfile", "CustomerProfile"),
    "Coupon": ("coupon", "Coupon"),
    "Referral": ("referral", "Referral"),
}
BY = {"+": "increaseBy", "-": "decreaseBy", "*": "multiplyBy", "/": "divideBy"}
LATER = {"addDuration": "laterBy", "subDuration": "earlierBy"}
CREATED = {
    "campaignId": number_or_text, "usageLimit": number_or_text, "discountLimit": number_or_text,
    "startDate": plain, "expiryDate": plain, "attributes": plain, "recipientId": text, "friendId": text,
    "pattern": text,
}  # fmt: skip


def effect_block(context: Context, effect: Any, pointer: str) -> Any:
    """The block of an effect; a passthrough where no other can say it."""
    match effect:
        case ["catch", ["noop"] | None, [*inner]]:
            block = effect_block(context, inner, f"{pointer}/2")
            if getattr(block, "on_error", None) is UNSET:
                return structs.replace(block, on_error={})
            return context.group("all", [block], pointer, on_error={})
    for make in (_discount, _award, _customer, _integration, _code):
        try:
            block = make(context, effect, pointer)
        except Untranslatable:
            continue
        if isinstance(block, context.shapes.allowed):
            return block
    return context.passthrough(effect, pointer)


# --- discounts


def _discount(context: Context, effect: Any, pointer: str) -> v2.AwardDiscountBlock:
    match effect:
        case ["setDiscount", name, amount, *options]:
            target: v2.AwardDiscountTarget = v2.AwardDiscountCartTarget()
        case ["setDiscountPerItem", name, items, each, *options]:
            target = _items_target(context, items)
            context, amount = context.each(each)
        case ["setDiscountPerItemProRata", name, items, amount, *options]:
            target = structs.replace(_items_target(context, items), prorated=True)
        case ["setDiscountOnBundleItem", name, bundle, chosen, each, *options]:
            options, prorated = _prorated(options)
            target = _bundle_item(context, bundle, chosen, prorated)
            context, amount = context.each(each)
        case ["setDiscountPerAdditionalCost", name, cost, amount, *options]:
            target = _cost_target(context, cost, v2.AwardDiscountCartTarget())
        case ["setDiscountPerAdditionalCostPerItem", name, items, cost, each, *options]:
            target = _cost_target(context, cost, _items_target(context, items))
            context, amount = context.each(each)
        case _:
            raise Untranslatable
    return v2.AwardDiscountBlock(
        id=context.id(pointer),
        name=text(name, context.names),
        value=number_or_text(amount, context.names),
        partial=_partial(options) is True,
        target=target,
    )


def _items_target(context: Context, items: Any) -> Any:
    kind, name = context.items(items)
    if kind == "allItems":
        return v2.AwardDiscountAllItemsTarget()
    if kind == "bundle":
        return v2.AwardDiscountBundleTarget(name=name)
    target = v2.AwardDiscountGlobalFilterTarget if kind == "globalFilter" else v2.AwardDiscountSelectorTarget
    return target(name=name)


def _prorated(options: list[Any]) -> tuple[list[Any], bool | UnsetType]:
    """The options without `prorated`, and what it says."""
    match options:
        case [{"prorated": bool(prorated), **others}]:
            return [others], prorated
    return options, UNSET


def _bundle_item(
    context: Context, bundle: Any, chosen: Any, prorated: bool | UnsetType
) -> v2.AwardDiscountBundleTarget:
    item: v2.AwardDiscountBundleItem
    match chosen:
        case ["highest" | "lowest" as direction, each]:
            inner, attribute = context.each(each)
            shown = braces(attribute, inner.names)
            item = v2.AwardDiscountBundleItemByAttribute(attribute=shown, direction=direction)
        case ["byIndex", index]:
            item = v2.AwardDiscountBundleItemByIndex(value=whole(index))
        case _:
            raise Untranslatable
    kind, name = context.items(bundle)
    if kind != "bundle":
        raise Untranslatable
    return v2.AwardDiscountBundleTarget(name=name, item=item, prorated=prorated)


def _cost_target(context: Context, named: Any, target: Any) -> v2.AwardDiscountAdditionalCostTarget:
    number, name, _ = context.known(context.library.additional_costs, named)
    if isinstance(target, v2.AwardDiscountBundleTarget):
        raise Untranslatable
    cost = v2.AdditionalCostReference(id=number, name=name)
    return v2.AwardDiscountAdditionalCostTarget(additional_cost=cost, target=target)


def _partial(options: list[Any]) -> bool | None:
    """The one option that a block has a place for; with another the effect cannot be said."""
    match options:
        case []:
            return None
        case [{"partial": bool(partial), **others}] if not others:
            return partial
        case [{**others}] if not others:
            return None
    raise Untranslatable


# --- items, codes and messages


def _award(context: Context, effect: Any, pointer: str) -> Any:
    own, names = context.id(pointer), context.names
    match effect:
        case ["addFreeItem", name, sku, *more]:
            options = more[-1:] if more and isinstance(more[-1], dict) else []
            quantity = more[: len(more) - len(options)] or [1]
            partial = _partial(options)
            return v2.AwardItemBlock(
                id=own,
                sku=text(sku, names),
                name=text(name, names),
                quantity=text(quantity[0], names),
                partial=UNSET if partial is None else partial,
            )
        case ["awardGiveaway", number, *whose]:
            pool, name, _ = context.known(context.library.giveaway_pools, number)
            reference = v2.NamedReference(id=pool, name=name)
            return v2.AwardGiveawayBlock(id=own, giveaway_pool=reference, profile=who(whose[0] if whose else "Current"))
        case ["showNotification", kind, title, body]:
            return v2.ShowNotificationBlock(
                id=own, notification_type=text(kind, names), title=text(title, names), body=text(body, names)
            )
        case ["reserveCoupon"]:
            return v2.ReserveCouponBlock(id=own)
    raise Untranslatable


def _code(context: Context, effect: Any, pointer: str) -> Any:
    match effect:
        case ["createCoupon"] | ["createCoupon", {}]:
            kind: Any = v2.CreateCouponBlock
            whom = "recipient_id"
        case ["createReferral"] | ["createReferral", {}]:
            kind, whom = v2.CreateReferralBlock, "friend_id"
        case _:
            raise Untranslatable
    fields: dict[str, Any] = {"campaign_id": "{{$Campaign.Id}}", whom: "", "store_in_session": True}
    known = set(kind.__struct_encode_fields__)
    for name, value in effect[1].items() if effect[1:] else ():
        if name not in known:
            raise Untranslatable
        field = kind.__struct_fields__[kind.__struct_encode_fields__.index(name)]
        if name == "storeInSession" and isinstance(value, bool):
            fields[field] = value
        elif name == "validCharacters":
            fields[field] = _characters(value)
        elif name in CREATED:
            fields[field] = CREATED[name](value, context.names)
        else:
            raise Untranslatable
    return kind(id=context.id(pointer), **fields)


def _characters(value: Any) -> str:
    match value:
        case str():
            return value
        case ["list", *characters] if all(isinstance(one, str) for one in characters):
            return "".join(characters)
    raise Untranslatable


# --- what is known of customers and carts


def _customer(context: Context, effect: Any, pointer: str) -> Any:
    own = context.id(pointer)
    match effect:
        case ["addToAudience" | "removeFromAudience" as name, profile, number]:
            return v2.UpdateAudienceMembershipBlock(
                id=own,
                operator="add" if name == "addToAudience" else "remove",
                profile=who(profile),
                audience=context.audience(number),
            )
        case ["increaseAchievementProgress", number, value]:
            return v2.UpdateAchievementProgressBlock(
                id=own,
                operator="increaseBy",
                value=text(value, context.names),
                achievement=context.achievement(number),
            )
        case ["updateAttribute", [*parts], value]:
            written = parts if parts[:1] == ["."] else [".", *parts]
            match written:
                case [".", str(head), "Attributes", str(name)] if head in ENTITIES:
                    kind, entity = ENTITIES[head]
                    target: Any = v2.UpdateTarget(type=kind)
                    return _update(context, (kind, entity, name), target, (written, value), pointer)
        case ["updateItemAttribute", items, str(name), each]:
            kind, of = context.items(items)
            target = v2.UpdateTarget(type=kind, name=of or UNSET)  # type: ignore[arg-type]
            inner, value = context.each(each)
            attribute = [".", each[0][0], "Attributes", name]
            return _update(inner, ("cartItem", "CartItem", name), target, (attribute, value), pointer)
    raise Untranslatable


def _update(
    context: Context, attribute: tuple[str, str, str], target: v2.UpdateTarget, change: tuple[Any, Any], pointer: str
) -> v2.UpdateAttributeValueBlock:
    entity, defined_on, name = attribute
    if target.type == "bundle":  # type: ignore[comparison-overlap]
        raise Untranslatable
    found = context.attributes.get((defined_on, name))
    operator, value = _operator(context, *change)
    return v2.UpdateAttributeValueBlock(
        id=context.id(pointer),
        operator=operator,
        attribute=v2.AttributeReference(
            id=found.id if found else 0,
            entity=entity,
            name=name,
            title=found.title if found else name,
            type=found.type if found else "",
        ),
        value=value,
        target=target,
    )


def _operator(context: Context, attribute: list[Any], value: Any) -> tuple[Any, Any]:
    """How an attribute gets its new value: from the old one, which may have a default, or by itself."""
    names = context.names

    def is_old(part: Any) -> bool:
        return part == attribute or (isinstance(part, list) and part[:1] == ["catch"] and part[2:] == [attribute])

    match value:
        case ["+" | "-" | "*" | "/" as sign, old, by] if is_old(old) and not isinstance(by, str):
            return BY[sign], plain(by, names)
        case ["not", old] if is_old(old):
            return "toggle", UNSET
        case ["addDuration" | "subDuration" as name, old, amount, str(unit)] if is_old(old):
            return LATER[name], f"{text(amount, names)} {unit}"
    return "setTo", plain(value, names)


# --- the shop's own


def _integration(context: Context, effect: Any, pointer: str) -> Any:
    own = context.id(pointer)
    match effect:
        case ["triggerWebhook", number, *values]:
            webhook, title, _ = context.known(context.library.webhooks, number)
            reference = v2.TitledReference(id=webhook, title=title)
            params = context.params([], [plain(value, context.names) for value in values])
            return v2.TriggerWebhookBlock(id=own, webhook=reference, params=params)
        case ["customEffect", number, *values]:
            return _custom(context, number, v2.CustomEffectTarget(type="cart"), values, pointer)
        case ["customEffectPerItem", number, items, *each]:
            match each:
                case []:
                    name, values = "Item", []
                case [[[str(name)], *values]]:
                    pass
                case _:
                    raise Untranslatable
            kind, of = context.items(items)
            target = v2.CustomEffectTarget(type=kind, name=of or UNSET)  # type: ignore[arg-type]
            return _custom(context.with_item(name), number, target, values, pointer)
    raise Untranslatable


def _custom(
    context: Context, named: Any, target: v2.CustomEffectTarget, values: list[Any], pointer: str
) -> v2.TriggerCustomEffectBlock:
    number, name, found = context.known(context.library.custom_effects, named)
    titles = [parameter.title for parameter in found.parameters] if found else []
    params = context.params(titles, [plain(value, context.names) for value in values])
    match values:
        case [str(own_name), ["kv", *_] as payload] if found is None:
            name, params = own_name, plain(payload, context.names)
        case [str(own_name)] if found is None:
            name, params = own_name, {}
    return v2.TriggerCustomEffectBlock(
        id=context.id(pointer),
        custom_effect=v2.NamedAndTitledReference(id=number, name=name, title=name),
        params=params,
        target=target,
    )
