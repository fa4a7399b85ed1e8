"""Plays the baskets as customer sessions, oldest first: each is opened with its cart and codes, then closed.

Baskets go out in lots of `LOT`; a lot is begun when all before it are closed. So an interrupted run leaves open
at most one lot, and the next run finds its place with a few questions (`lots_begun`). A household's baskets
never overtake one another.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from guerdon.replay import offers
from guerdon.replay.cart import cart_items
from guerdon.replay.client import Answer, Client, refused
from guerdon.replay.dataset import Basket, Dataset

LOT = 256
CLOSED_ALREADY = "Cannot move session to state"
DISCOUNTS = frozenset({"setDiscount", "setDiscountPerItem"})


class Tally:
    """What was seen in the answers to closing sessions."""

    def __init__(self) -> None:
        self.played = 0
        self.already = 0
        self.effects: Counter[str] = Counter()
        self.entered = 0
        self.refused: Counter[str] = Counter()
        self.discount = Decimal(0)

    def add(self, codes: Sequence[str], effects: Sequence[Mapping[str, Any]]) -> None:
        """Count one closed session."""
        self.played += 1
        self.entered += len(codes)
        for effect in effects:
            kind, props = effect["effectType"], effect["props"]
            self.effects[kind] += 1
            if kind in DISCOUNTS:
                self.discount += Decimal(props["value"])
            elif kind == "rejectCoupon":
                self.refused[reason(effect)] += 1

    @property
    def accepted(self) -> int:
        """How many codes were accepted."""
        return self.effects["acceptCoupon"]


def reason(effect: Mapping[str, Any]) -> str:
    """Why a code was refused: the API's word and what it means with the rules of this replay."""
    props = effect["props"]
    word = str(props["rejectionReason"])
    meaning = None
    if word == "CouponRejectedByCondition":
        meaning = offers.CONDITIONS.get(props.get("conditionIndex", -1))
    elif word == "EffectCouldNotBeApplied":
        meaning = "nothing is left to discount on the coupon's products"
    return f"{word}: {meaning}" if meaning else word


class Player:
    """Plays baskets of one data set; `codes` are the coupon codes by basket position."""

    def __init__(self, client: Client, data: Dataset, codes: Mapping[int, Sequence[str]], concurrency: int) -> None:
        self.client = client
        self.data = data
        self.codes = codes
        self.concurrency = concurrency
        self.tally = Tally()

    async def play(self, start: int, end: int, progress: Callable[[Basket], None]) -> None:
        """Play the baskets from one position up to another; `progress` is told of each one that is done."""
        for first in range(start, end, LOT):
            await self._play_lot(range(first, min(first + LOT, end)), progress)

    async def _play_lot(self, positions: range, progress: Callable[[Basket], None]) -> None:
        waiting = iter(positions)
        locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

        async def work() -> None:
            for position in waiting:
                basket = self.data.baskets[position]
                async with locks[basket.household_id]:
                    await self._play_one(position, basket)
                progress(basket)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.concurrency):
                    group.create_task(work())
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _play_one(self, position: int, basket: Basket) -> None:
        path = f"/v2/customer_sessions/{basket.basket_id}"
        codes = self.codes.get(position, ())
        opened = await self.client.ask("PUT", path, self.session(basket, codes))
        if not _is_closed(opened):
            _must_be_ok(opened, f"PUT {path}")
            closed = await self.client.ask("PUT", path, {"customerSession": {"state": "closed"}})
            if not _is_closed(closed):
                _must_be_ok(closed, f"PUT {path}")
                self.tally.add(codes, closed.body["effects"])
                return
        self.tally.already += 1

    def session(self, basket: Basket, codes: Sequence[str]) -> dict[str, Any]:
        """The request body that opens the session."""
        session: dict[str, Any] = {
            "profileId": basket.household_id,
            "state": "open",
            "cartItems": cart_items(basket, self.data.products),
            "attributes": {"purchased_at": offers.rfc3339(basket.at), "store": basket.store_id},
        }
        if codes:
            session["couponCodes"] = list(codes)
        return {"customerSession": session}


def _is_closed(answer: Answer) -> bool:
    return answer.status == 400 and answer.message.startswith(CLOSED_ALREADY)


def _must_be_ok(answer: Answer, what: str) -> None:
    if answer.status != 200:
        raise refused(what, answer)


async def lots_begun(client: Client, data: Dataset, end: int) -> int:
    """How many lots earlier runs began, found by halving; all but the last of them are closed throughout."""

    async def begun(lot: int) -> bool:
        path = f"/v2/customer_sessions/{data.baskets[lot * LOT].basket_id}"
        answer = await client.ask("GET", path)
        if answer.status == 404:
            return False
        _must_be_ok(answer, f"GET {path}")
        return bool(answer.body["customerSession"]["state"] != "open")

    low, high = 0, (end + LOT - 1) // LOT
    while low < high:
        lot = (low + high) // 2
        if await begun(lot):
            low = lot + 1
        else:
            high = lot
    return low
