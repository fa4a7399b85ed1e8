"""Which campaigns can fire at all for these facts, told from necessary conditions, without running them.

Cost follows what can fire, not what exists. An index never changes: a new one takes over what the old one knows of
the campaigns that are still the same objects.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from guerdon.engine.facts import Facts
from guerdon.engine.layer import Campaign, Layer

MOST_CHANGED, SHARE_CHANGED = 64, 16


class Index(Struct, frozen=True):
    """The layers of an index, oldest first, with the places of their campaigns in evaluation order (-1 for those
    that are not what they were). `place_of` has the place of every campaign by id; `by_id` says that they are in the
    order of their ids. `written` is what rules may write to."""

    layers: tuple[tuple[Layer, Sequence[int]], ...]
    place_of: Mapping[int, int]
    by_id: bool
    written: frozenset[str]


def build_index(campaigns: Sequence[Campaign], previous: Index | None = None) -> Index:
    """The index of campaigns in evaluation order. What `previous` knows of campaigns that are the same objects is
    used again, unless much has changed."""
    place_of = {campaign.source.id: place for place, campaign in enumerate(campaigns)}
    by_id = all(earlier < later for earlier, later in pairwise(place_of))
    written = frozenset[str]().union(*{rule.writes for campaign in campaigns for rule in campaign.rules})
    if previous is not None and previous.layers and written <= previous.written:
        oldest = previous.layers[0][0]
        places = [place_of.get(campaign.source.id, -1) for campaign in oldest.campaigns]
        places = [
            place if place >= 0 and campaigns[place] is campaign else -1
            for place, campaign in zip(places, oldest.campaigns, strict=True)
        ]
        changed = sorted(set(range(len(campaigns))).difference(places))
        if len(changed) <= max(MOST_CHANGED, len(campaigns) // SHARE_CHANGED):
            newest = Layer([campaigns[place] for place in changed], previous.written)
            layers = ((oldest, places), (newest, changed)) if changed else ((oldest, places),)
            return Index(layers, place_of, by_id, previous.written)
    return Index(((Layer(campaigns, written), tuple(range(len(campaigns)))),), place_of, by_id, written)


def candidates(index: Index, facts: Facts, now: datetime, with_code: Collection[int]) -> Sequence[int]:
    """The places of campaigns of which a rule can fire or have failure effects, in evaluation order. `with_code` are
    the campaigns that one of the session's codes belongs to; they are never left out, for their codes must be
    answered."""
    if facts.campaign_ids is not None:
        return sorted({index.place_of[one] for one in facts.campaign_ids if one in index.place_of})
    if facts.explain:
        return range(len(index.place_of))
    found = {index.place_of[campaign] for campaign in with_code}
    for layer, places in index.layers:
        entries = layer.entries
        found.update([places[entries[entry].number] for entry in layer.met(facts, now)[0]])
    found.discard(-1)
    return sorted(found)
