"""Is a history of concurrent operations linearizable? The search of Wing and Gong with Lowe's memory (ADR 0017).

Operations took effect one by one, each somewhere between its call and its answer; the question is whether some such
order explains every answer. The search puts first any operation that was called before all that are still missing were
answered, and tries on; what cannot be explained from the same rest in the same state is not tried twice.

J. Wing, C. Gong: Testing and Verifying Concurrent Objects (1993); G. Lowe: Testing for Linearizability (2017).
"""

import math
from typing import Any, NamedTuple

NEVER = math.inf


class Operation(NamedTuple):
    """A call and its answer. One that was never answered (`returned` is NEVER, `answer` None) may have happened at any
    time since its call, or not at all."""

    called: float
    returned: float
    call: Any
    answer: Any


def linearization(history, model, state):
    """An order of the history that explains it, as a list of operations; None when there is none.

    `model(state, call, answer)` is the state after the call when that may be its answer, else None; an answer of None
    is for the model to allow. States are hashable, and None is not one of them.
    """
    history = sorted(history, key=lambda one: one.called)
    missing, order, tried = (1 << len(history)) - 1, [], set()
    answered = sum(1 << number for number, one in enumerate(history) if one.returned != NEVER)
    stack = [_next(history, missing, state, model)]
    while missing & answered:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            if not stack:
                return None
            number, state = order.pop()
            missing |= 1 << number
            continue
        number, after = step
        rest = missing & ~(1 << number)
        if (rest, after) in tried:
            continue
        tried.add((rest, after))
        order.append((number, state))
        missing, state = rest, after
        stack.append(_next(history, missing, state, model))
    return [history[number] for number, _ in order]


def _next(history, missing, state, model):
    """The operations that can be next, with the state after each."""
    first_answer = NEVER
    numbers = []
    for number, one in enumerate(history):
        if missing >> number & 1:
            if one.called > first_answer:
                break
            numbers.append(number)
            first_answer = min(first_answer, one.returned)
    for number in numbers:
        after = model(state, history[number].call, history[number].answer)
        if history[number].called <= first_answer and after is not None:
            yield number, after


def coupon(usage_limit, discount_limit, amount, *, parts=False):
    """The model of a code: each closing with it gives `amount` while there is that much, with `parts` as much as there
    is. The state is (uses, discounts given).

    Calls are "close" and "ask" (an open session), answered by the amount given, 0 when the code is rejected;
    ("cancel", amount) of a session that had been given that much, answered by it; "read", answered by the state.
    """

    def step(state, call, answer):
        uses, given = state
        if call == "read":
            return state if answer in (None, state) else None
        if isinstance(call, tuple):
            return (uses - 1, given - call[1]) if answer in (None, call[1]) else None
        left = min(amount, discount_limit - given)
        would_give = left if uses < usage_limit and (parts or left == amount) else 0
        if answer not in (None, would_give):
            return None
        return (uses + 1, given + would_give) if call == "close" and would_give else state

    return step
