"""Giveaways (loyalty.md §15): announced while a session is open, awarded with a code when it closes."""

from typing import Any

from guerdon.engine.facts import Giveaway
from guerdon.engine.library import Named
from guerdon.engine.props import AwardGiveaway, WillAwardGiveaway
from guerdon.engine.talang.values import EvaluationError


class Giveaways:
    """What one evaluation awarded, in order. The codes are those of the facts, each given once."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.awarded: dict[int, Giveaway] = {}

    def award(self, pool: Named, whose: str) -> None:
        """A code of the pool; an error where none is left. An open session is told only that there will be one."""
        recipient = self.frame.profile_of(whose).integration_id
        self.frame.limits.take("awardGiveaway", what=f"the giveaway {pool.name!r}")
        if not self.frame.facts.final:
            self.frame.emit(WillAwardGiveaway(pool_id=pool.id, pool_name=pool.name, recipient_integration_id=recipient))
            return
        taken = {one.id for one in self.awarded.values()}
        found = next(
            (one for one in self.frame.facts.giveaways if one.pool_id == pool.id and one.id not in taken), None
        )
        if found is None:
            raise EvaluationError(f"no code is left in the giveaway pool {pool.name!r}")
        self.frame.put(self.awarded, len(self.awarded), found)
        self.frame.emit(
            AwardGiveaway(
                pool_id=pool.id,
                pool_name=pool.name,
                recipient_integration_id=recipient,
                giveaway_id=found.id,
                code=found.code,
            )
        )

    def newest(self) -> Giveaway:
        """What was awarded last in this request; an error where nothing was."""
        if not self.awarded:
            raise EvaluationError("no giveaway was awarded")
        return self.awarded[len(self.awarded) - 1]
