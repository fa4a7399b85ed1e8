"""Customers (rules.md §4.1, §4.2): audiences, achievements and giveaways."""

from decimal import Decimal
from typing import Any

from guerdon.engine.library import Achievement, Named
from guerdon.engine.talang.kinds import BOOLEAN, EFFECT, NUMBER
from guerdon.engine.talang.known import ACHIEVEMENT, AUDIENCE, POOL, PROGRESS, WHOSE
from guerdon.engine.talang.registry import declare


@declare("audienceMember", WHOSE, AUDIENCE, returns=BOOLEAN, frame=True)
def _audience_member(frame: Any, whose: str, audience: Named) -> bool:
    """Whether the customer (`"Current"`) or the advocate is in an audience: `["audienceMember", "Current", 3]`."""
    return bool(frame.memberships.has(whose, audience))


@declare("audienceJoined", WHOSE, AUDIENCE, returns=BOOLEAN, frame=True)
def _audience_joined(frame: Any, whose: str, audience: Named) -> bool:
    """Whether this very request made them a member of the audience."""
    return bool(frame.memberships.joined(whose, audience))


@declare("audienceLeft", WHOSE, AUDIENCE, returns=BOOLEAN, frame=True)
def _audience_left(frame: Any, whose: str, audience: Named) -> bool:
    """Whether this very request ended their membership."""
    return bool(frame.memberships.left(whose, audience))


@declare("addToAudience", WHOSE, AUDIENCE, returns=EFFECT, frame=True)
def _add_to_audience(frame: Any, whose: str, audience: Named) -> None:
    """Make the customer or the advocate a member of an audience; who is one already stays one, without an effect."""
    frame.memberships.change(whose, audience, member=True)


@declare("removeFromAudience", WHOSE, AUDIENCE, returns=EFFECT, frame=True)
def _remove_from_audience(frame: Any, whose: str, audience: Named) -> None:
    """End a membership; for who is no member nothing happens."""
    frame.memberships.change(whose, audience, member=False)


@declare("achievement", PROGRESS, ACHIEVEMENT, returns=BOOLEAN, frame=True, feature="achievements")
def _achievement(frame: Any, state: str, achievement: Achievement) -> bool:
    """Whether the customer's achievement is `started`, `inProgress` or `completed`, or `not(…)` one of these, or
    `justCompleted`: by a rule of this very request."""
    return bool(frame.achievements.holds(state, achievement))


@declare("increaseAchievementProgress", ACHIEVEMENT, NUMBER, returns=EFFECT, frame=True, feature="achievements")
def _increase_achievement_progress(frame: Any, achievement: Achievement, amount: Decimal) -> None:
    """Progress towards an achievement, never beyond its target. Nothing happens where it is completed and does not
    start anew."""
    frame.achievements.increase(achievement, amount)


@declare("awardGiveaway", POOL, WHOSE, optional=1, returns=EFFECT, frame=True, feature="giveaways")
def _award_giveaway(frame: Any, pool: Named, whose: str = "Current") -> None:
    """A giveaway of a pool for the customer or the advocate: announced while the session is open, with its code when
    it closes. It fails when the pool has no code left."""
    frame.giveaways.award(pool, whose)
