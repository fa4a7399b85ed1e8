"""The story that `guerdon demo` tells and that a test lives through: a customer, her cart, her codes, her mind.

Each scene is one request to the Integration API and what came back. How it looks is the stage's business.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx
from msgspec import Struct

from guerdon.demo.receipt import Receipt, receipt
from guerdon.demo.shop import EXPIRED, WELCOME
from guerdon.wire.base import decoder, encode

Json = dict[str, Any]


class DemoError(Exception):
    """One plain sentence for the person at the terminal."""


NO_SHOP = (
    "This server has no demo shop, so there is nothing to show. It is made on the first run of `guerdon serve`"
    " on an empty data directory, unless GUERDON_DEMO=0."
)

ETHIOPIA: Json = {
    "sku": "BEANS-1",
    "name": "Ethiopia, light, 500 g",
    "quantity": 1,
    "price": Decimal("14.00"),
    "category": "beans",
}
FILTERS: Json = {
    "sku": "FILTER-1",
    "name": "Paper filters, 100",
    "quantity": 2,
    "price": Decimal("4.50"),
    "category": "brewing",
}
ESPRESSO: Json = {
    "sku": "BEANS-2",
    "name": "Espresso, dark, 1 kg",
    "quantity": 1,
    "price": Decimal("24.00"),
    "category": "beans",
}
GRINDER: Json = {
    "sku": "GRINDER-1",
    "name": "Hand grinder",
    "quantity": 1,
    "price": Decimal("59.00"),
    "category": "brewing",
}


class Scene(Struct, frozen=True, kw_only=True):
    """One request, what came back, and the words around it."""

    title: str
    words: str
    session: str
    sent: Json
    effects: Sequence[Mapping[str, Any]]
    receipt: Receipt
    milliseconds: float


class Till:
    """A shop's till: knows the cart of each order and talks to the Integration API."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"ApiKey-v1 {key}", "Content-Type": "application/json"}
        self.url = url
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30)
        self._carts: dict[str, list[Json]] = {}

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def update(self, title: str, words: str, session: str, **sent: Any) -> Scene:
        """Send what changed in an order; members that are not sent stay as they were."""
        self._carts[session] = sent.get("cartItems", self._carts.get(session, []))
        content = encode({"customerSession": sent})
        began = time.perf_counter()
        try:
            response = self._http.put(f"/v2/customer_sessions/{session}", content=content)
        except httpx.ConnectError:
            raise DemoError(f"No server answers at {self.url}. Start one with `guerdon serve`.") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise DemoError(f"{self.url} is not a web address: {error}") from None
        except httpx.HTTPError as error:
            raise DemoError(f"The server at {self.url} could not be asked: {error or type(error).__name__}") from None
        took = (time.perf_counter() - began) * 1000
        if response.status_code == 401:
            raise DemoError("The server does not know this key: give its Integration key with --key.")
        if response.status_code != 200:
            raise DemoError(f"The server refused the request with {response.status_code}: {response.text}")
        effects = decoder(Any).decode(response.content)["effects"]
        return Scene(
            title=title,
            words=words,
            session=session,
            sent=sent,
            effects=effects,
            receipt=receipt(self._carts[session], effects),
            milliseconds=took,
        )


def story(till: Till, token: str) -> Iterator[Scene]:
    """The scenes, played as they are asked for. `token` makes customer and orders new each time."""
    customer, order, second = f"mara-{token}", f"order-{token}-1", f"order-{token}-2"
    yield from _cart(till, customer, order)
    yield from _codes(till, order)
    yield till.update(
        "She pays",
        "Without the old code. The session is closed, and only now is the code used up and every discount booked.",
        order,
        state="closed",
        couponCodes=[WELCOME],
    )
    yield till.update(
        "The next day",
        f"Another order, the same code. {WELCOME} is for a first order, and she has one already.",
        second,
        profileId=customer,
        cartItems=[ESPRESSO],
        couponCodes=[WELCOME],
    )
    yield till.update(
        "She sends the first order back",
        "The closed session is cancelled: every discount and the code are rolled back, one effect for each.",
        order,
        state="cancelled",
    )
    yield till.update(
        "And so the code is good again",
        "With the first order undone, the second one is her first. The same request as before now passes.",
        second,
        couponCodes=[WELCOME],
    )


def _cart(till: Till, customer: str, order: str) -> Iterator[Scene]:
    first = till.update(
        "Mara fills her cart",
        "A new customer. Each time something goes into the cart the shop sends the whole cart"
        " and gets back what it is worth.",
        order,
        profileId=customer,
        cartItems=[ETHIOPIA],
    )
    if not any(effect["effectType"] == "setDiscountPerItem" for effect in first.effects):
        raise DemoError(NO_SHOP)
    yield first
    cart = [ETHIOPIA]
    for item, words in (
        (FILTERS, "Two packs of filters. They are not on offer, but free shipping is coming near."),
        (ESPRESSO, "Espresso for the office: beans again, so 15% again; and the shipping is free now."),
        (GRINDER, "A grinder. That is more than 100: there is a mug in it."),
    ):
        cart = [*cart, item]
        yield till.update("", words, order, cartItems=cart)


def _codes(till: Till, order: str) -> Iterator[Scene]:
    yield till.update(
        "She has a code",
        f"{WELCOME} came with the newsletter: 10% off a first order.",
        order,
        couponCodes=[WELCOME],
    )
    yield till.update(
        "And tries another",
        f"{EXPIRED} is from last year. A refusal says why, and the rest of the order stays as it was.",
        order,
        couponCodes=[WELCOME, EXPIRED],
    )
