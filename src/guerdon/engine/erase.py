"""What a log entry keeps of a customer whose data is erased (core.md §9.3): ids, totals and effects, but no custom
attribute and no identifier. It can still be read; judged again, it may come out otherwise."""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from guerdon.engine.effects import Effect
from guerdon.engine.facts import Facts, Profile, Session
from guerdon.engine.standing import Standing

Entities = tuple[tuple[str, str], ...]


def erase(facts: Facts, effects: Sequence[Effect], customer: str, *, own: bool) -> tuple[Facts, list[Effect]]:
    """The entry without the data of `customer` (an integration id). What the session holds is theirs where the entry
    is their `own`; else they are no more than its advocate, or its customer before another one. Properties of
    `effects` are plain dicts, as in JSON."""
    of = [
        *(["Session"] if own else []),
        *(["Profile"] if _is(facts.profile, customer) else []),
        *(["AdvocateProfile"] if _is(facts.advocate, customer) else []),
    ]
    if own:
        facts = replace(
            facts,
            session=_session(facts.session),
            event_attributes={},
            cards=tuple(replace(card, attributes={}) for card in facts.cards),
            counters=tuple(replace(one, entities=_without_identifiers(one.entities)) for one in facts.counters),
        )
    facts = replace(
        facts,
        profile=_profile(facts.profile, customer),
        advocate=_profile(facts.advocate, customer),
        standing=None if facts.standing is None else _standing(facts.standing, of, own=own),
    )
    return facts, erase_effects(effects, of)


def erase_effects(effects: Sequence[Effect], entities: Collection[str]) -> list[Effect]:
    """The effects with what they wrote into attributes of these entities left open; all else of them stays."""
    return [
        replace(effect, props={**effect.props, "value": None})
        if effect.effect_type == "updateAttribute" and effect.props["path"].split(".")[0] in entities
        else effect
        for effect in effects
    ]


def _is(profile: Profile | None, customer: str) -> bool:
    return profile is not None and profile.integration_id == customer


def _profile(profile: Profile | None, customer: str) -> Profile | None:
    return replace(profile, attributes={}) if profile is not None and _is(profile, customer) else profile


def _session(session: Session) -> Session:
    lines = tuple(replace(line, attributes={}) for line in session.cart_items)
    return replace(session, attributes={}, identifiers=(), cart_items=lines)


def _standing(standing: Standing, of: Collection[str], *, own: bool) -> Standing:
    charged = standing.charged
    if own:
        charged = tuple(replace(use, entities=_without_identifiers(use.entities)) for use in charged)
    return replace(standing, effects=tuple(erase_effects(standing.effects, of)), charged=charged)


def _without_identifiers(entities: Entities) -> Entities:
    return tuple((entity, "" if entity == "Identifier" else value) for entity, value in entities)
