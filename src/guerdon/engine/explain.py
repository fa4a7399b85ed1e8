"""A trace on demand: what every campaign, rule, condition and expression came to, and why (issue: why did it fire?).

Tracing compiles the campaigns once more, with every step written down, and evaluates with a judge that keeps a
diary. Evaluation without a trace runs none of this.
"""

import ast
from datetime import datetime
from decimal import localcontext
from typing import Any

from msgspec import UNSET, Struct, structs

from guerdon.engine.attributes import types_of
from guerdon.engine.effects import Effect
from guerdon.engine.evaluate import Evaluation
from guerdon.engine.facts import Facts
from guerdon.engine.frame import Frame
from guerdon.engine.generators import Generators
from guerdon.engine.outcome import Outcome
from guerdon.engine.program import Campaign, Program, Rule, compile_program
from guerdon.engine.ruleset import compile_campaign
from guerdon.engine.talang.compile import Compiler
from guerdon.engine.talang.typed import Body, Const, Entry, Typed
from guerdon.engine.talang.values import ARITHMETIC
from guerdon.engine.verdicts import LOWER, NOT_FIRST

MOST_VALUES = 20
TRIGGERED, FAILED, PASSED_OVER, NOT_RUNNING = "triggered", "no rule fired", "passed over", "not running"


class Seen(Struct):
    """What one expression came to: the first values, in order, and how often it was computed."""

    values: list[Any] = []
    count: int = 0


class RuleTrace(Struct, kw_only=True):
    """One run of a rule, for a code or none. `seen` maps JSON pointers into the ruleset to what was computed there;
    what is not in it was not reached, or ended in the error that `details` tells."""

    index: int
    title: str
    code: str = ""
    fired: bool = False
    condition_index: int | None = None
    effect_index: int | None = None
    details: str = ""
    seen: dict[str, Seen] = {}
    effects: tuple[Effect, ...] = ()


class CampaignTrace(Struct, kw_only=True):
    """What became of a campaign: `state` is one of the four words of this module, `why` a sentence about it."""

    id: int
    name: str
    state: str
    why: str = ""
    rules: list[RuleTrace] = []


class Trace(Struct, frozen=True):
    """All campaigns in evaluation order, with the rulesets that the pointers of their rules point into."""

    campaigns: tuple[CampaignTrace, ...]
    outcome: Outcome


def explain(program: Program, facts: Facts, now: datetime, generators: Generators | None = None) -> Trace:
    """Evaluate and tell how it came about. The outcome is that of `evaluate` with `explain` set in the facts."""
    types = types_of(program.definitions.values())
    campaigns = [
        compile_campaign(one.source, types, program.library, collections=one.collections, compiler=_Diarist)
        for one in program.campaigns
    ]
    groups = [branch.group for branch in _branches(program.tree)]
    traced = compile_program(
        program.revision,
        program.settings,
        program.definitions.values(),
        campaigns,
        library=program.library,
        groups=groups,
    )
    with localcontext(ARITHMETIC):
        run = _Diary(traced, structs.replace(facts, explain=True), now, generators)
        run.run()
        return Trace(tuple(run.told(campaign) for campaign in traced.campaigns), run.outcome())


def _branches(tree: Any) -> list[Any]:
    """All groups of a tree, without its root, which is made anew."""
    found = []
    for element in tree.elements if tree is not None else ():
        if not isinstance(element, int):
            found += [element, *_branches(element)]
    return found


class _Diarist(Compiler):
    """Compiles expressions so that each tells the frame what it came to."""

    shortens = False

    def _emit(self, typed: Typed, out: list[ast.stmt]) -> ast.expr:
        value = super()._emit(typed, out)
        if isinstance(typed, Const | Body | Entry) or not typed.pointer:
            return value
        note = ast.Attribute(ast.Name("f", ast.Load()), "note", ast.Load())
        return ast.Call(note, [ast.Constant(typed.pointer), value], [])


class _DiaryFrame(Frame):
    """A frame that writes down what its rules computed; `seen` is the page of the rule that runs."""

    seen: dict[str, Seen]

    def note(self, pointer: str, value: Any) -> Any:
        """Keep a value, and hand it on."""
        if not callable(value):  # a lambda, or effects for later
            entry = self.seen.setdefault(pointer, Seen())
            entry.count += 1
            if len(entry.values) < MOST_VALUES:
                entry.values.append(value)
        return value


class _Diary(Evaluation):
    """An evaluation that remembers every rule it ran, also in campaigns that a group passes over."""

    frame_type = _DiaryFrame

    def __init__(self, program: Program, facts: Facts, now: datetime, generators: Generators | None) -> None:
        super().__init__(program, facts, now, generators)
        self.rules: dict[int, list[RuleTrace]] = {}

    def run_campaign(self, campaign: Campaign) -> bool:
        """Start a new page: a group may run a campaign twice, and the last time counts."""
        self.rules[campaign.source.id] = []
        return super().run_campaign(campaign)

    def run_rule(self, campaign: Campaign, rule: Rule) -> bool:
        """Run it with an open diary."""
        frame = self.frame
        assert isinstance(frame, _DiaryFrame)
        frame.seen = {}
        start, failed = len(frame.effects), len(self.failures)
        fired = super().run_rule(campaign, rule)
        told = RuleTrace(
            index=rule.index,
            title=rule.title,
            code=frame.coupon.code if frame.coupon else "",
            fired=fired,
            seen=frame.seen,
            effects=tuple(frame.effects[start:]),
        )
        for failure in self.failures[failed:]:
            told.condition_index = None if failure.condition_index is UNSET else failure.condition_index
            told.effect_index = None if failure.effect_index is UNSET else failure.effect_index
            told.details = "" if failure.details is UNSET else failure.details
        self.rules[campaign.source.id].append(told)
        return fired

    def told(self, campaign: Campaign) -> CampaignTrace:
        """The page of a campaign."""
        source = campaign.source
        rules = self.rules.get(source.id, [])
        state, why = FAILED, ""
        if not self.runs(campaign):
            state, why = NOT_RUNNING, self._why_not(campaign)
        elif source.id in self.verdicts.excluded:
            state, why = PASSED_OVER, _EXCLUSIONS[self.verdicts.excluded[source.id]]
        elif source.id in self.triggered:
            state = TRIGGERED
        elif not rules:
            why = "it has no rules"
        return CampaignTrace(id=source.id, name=source.name, state=state, why=why, rules=rules)

    def _why_not(self, campaign: Campaign) -> str:
        source, session = campaign.source, self.facts.session
        if self.facts.campaign_ids is not None and source.id not in self.facts.campaign_ids:
            return "the request asks for other campaigns"
        if source.rules is None:
            return "it has no active ruleset"
        if source.stores and session.store_integration_id not in source.stores:
            stores = ", ".join(sorted(source.stores))
            return f"it is for the stores {stores}; the session is of {session.store_integration_id or 'none'}"
        if source.state != "enabled":
            return f"it is {source.state}"
        if source.start_time is not None and self.now < source.start_time:
            return f"it starts at {source.start_time:%Y-%m-%d %H:%M %Z}"
        return f"it ended at {source.end_time:%Y-%m-%d %H:%M %Z}"


_EXCLUSIONS = {
    NOT_FIRST: "another campaign of its group came first",
    LOWER: "another campaign of its group was chosen for its discount",
}
