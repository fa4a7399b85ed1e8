"""Audiences (rules.md §4.1, loyalty.md §16): who is in which, and effects that change it."""

from typing import Any

from guerdon.engine.facts import Profile
from guerdon.engine.library import Named
from guerdon.engine.props import AddToAudience, RemoveFromAudience


class Memberships:
    """The audiences of the customer and the advocate, with what rules changed so far."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self._changed: dict[tuple[str, int], bool] = {}

    def has(self, whose: str, audience: Named) -> bool:
        """Whether the profile is in the audience now."""
        profile = self.frame.profile_of(whose)
        return self._changed.get((profile.integration_id, audience.id), audience.id in profile.audiences)

    def joined(self, whose: str, audience: Named) -> bool:
        """Whether this very request made the profile a member."""
        return audience.id in self.frame.profile_of(whose).joined

    def left(self, whose: str, audience: Named) -> bool:
        """Whether this very request ended the membership."""
        return audience.id in self.frame.profile_of(whose).left

    def change(self, whose: str, audience: Named, *, member: bool) -> None:
        """Make the profile a member, or no member any more; where it is so already nothing happens."""
        if self.has(whose, audience) == member:
            return
        profile = self.frame.profile_of(whose)
        self.frame.before_change()
        self.frame.put(self._changed, (profile.integration_id, audience.id), member)
        self.frame.emit(
            (AddToAudience if member else RemoveFromAudience)(
                audience_id=audience.id,
                audience_name=audience.name,
                profile_integration_id=profile.integration_id,
                profile_id=profile.id,
            )
        )

    def names(self, profile: Profile) -> list[str]:
        """The names of the audiences a profile is in, in order of their ids."""
        audiences = self.frame.program.library.audiences
        changed = {one: member for (of, one), member in self._changed.items() if of == profile.integration_id}
        members = {one for one in (*profile.audiences, *changed) if changed.get(one, True)}
        return [audiences[one].name for one in sorted(members) if one in audiences]
