"""Progress towards achievements (loyalty.md §14): what is stored, and what rules add to it."""

from decimal import Decimal
from typing import Any

from msgspec import UNSET

from guerdon.engine.facts import ZERO, AchievementProgress
from guerdon.engine.library import Achievement
from guerdon.engine.money import plain
from guerdon.engine.props import IncreaseAchievementProgress
from guerdon.engine.talang.values import EvaluationError

NOT_STARTED, IN_PROGRESS, COMPLETED, EXPIRED = "not_started", "inprogress", "completed", "expired"


class Achievements:
    """The progress of the customer, with what rules added so far."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self._progress = {one.achievement_id: one for one in frame.facts.achievements}
        self._completed: dict[int, bool] = {}

    def progress(self, achievement_id: int) -> Decimal:
        """How far the customer is."""
        return self._of(achievement_id).progress

    def status(self, achievement_id: int) -> str:
        """not_started, inprogress, completed or expired."""
        return self._of(achievement_id).status

    def target(self, achievement_id: int) -> Decimal:
        """What completes it."""
        found: Achievement | None = self.frame.program.library.achievements.get(achievement_id)
        if found is None:
            raise EvaluationError(f"there is no achievement {achievement_id} any more")
        return found.target

    def holds(self, state: str, achievement: Achievement) -> bool:
        """Whether the achievement is in a state, e.g. completed or not(started)."""
        if state.startswith("not("):
            return not self.holds(state[4:-1], achievement)
        if state == "justCompleted":
            self.frame.known_profile()
            return achievement.id in self._completed
        status = self._of(achievement.id).status
        if state == "started":
            return status != NOT_STARTED
        return status == (COMPLETED if state == "completed" else IN_PROGRESS)

    def increase(self, achievement: Achievement, amount: Decimal) -> None:
        """Progress of the customer, up to the target. Nothing happens for zero, after the end of the achievement,
        and where it is completed or expired and cannot start anew."""
        before = self._of(achievement.id)
        if amount < 0:
            raise EvaluationError(f"the progress of {achievement.name!r} cannot go back")
        if achievement.end_date is not None and self.frame.now >= achievement.end_date:
            return
        if before.status in (COMPLETED, EXPIRED):
            again = "on_completion" if before.status == COMPLETED else "on_expiration"
            if achievement.recurrence != again:
                return
            before = AchievementProgress(achievement_id=achievement.id)
        delta = min(amount, achievement.target - before.progress)
        if delta <= ZERO:
            return
        completed = before.progress + delta >= achievement.target
        after = AchievementProgress(
            achievement_id=achievement.id,
            progress=plain(before.progress + delta),
            status=COMPLETED if completed else IN_PROGRESS,
            tracker_id=before.tracker_id,
        )
        self.frame.before_change()
        self.frame.put(self._progress, achievement.id, after)
        if completed:
            self.frame.put(self._completed, achievement.id, True)
        self.frame.emit(
            IncreaseAchievementProgress(
                achievement_id=achievement.id,
                achievement_name=achievement.name,
                delta=plain(delta),
                value=after.progress,
                target=plain(achievement.target),
                is_just_completed=completed,
                progress_tracker_id=after.tracker_id or UNSET,
            )
        )

    def _of(self, achievement_id: int) -> AchievementProgress:
        self.frame.known_profile()
        return self._progress.get(achievement_id) or AchievementProgress(achievement_id=achievement_id)
