"""A shop of its own for each vector: an Application with a key, and whatever its request needs to be defined."""

import re
from typing import Any

import httpx

FAR = "2099-01-01T00:00:00Z"
SETTINGS = {"name": "Shop", "timezone": "UTC", "currency": "EUR", "enableFlattenedCartItems": True}
Json = Any


class Shop:
    """An Application behind the two clients of a vector: the shop's own and the back office's."""

    def __init__(self, client: httpx.AsyncClient, application_id: int, key: str) -> None:
        self.client, self.id = client, application_id
        self.headers = {"Authorization": f"ApiKey-v1 {key}"}
        self.url = f"/v1/applications/{application_id}"
        self.campaign_id = 0

    @classmethod
    async def new(cls, client: httpx.AsyncClient) -> "Shop":
        """Open a shop that flattens cart items; `client` has the Management key."""
        made = (await client.post("/v1/applications", json=SETTINGS)).raise_for_status().json()
        url = f"/v1/applications/{made['id']}/api_keys"
        key = (await client.post(url, json={"title": "Key", "expires": FAR})).raise_for_status().json()["key"]
        return cls(client, made["id"], key)

    async def settings(self, **changes: Json) -> None:
        """Change settings of the Application."""
        (await self.client.put(self.url, json=SETTINGS | changes)).raise_for_status()

    async def send(self, request: Json) -> httpx.Response:
        """The request of a vector, with the shop's key; a campaign that it names is the shop's. An update of a session
        asks for the session."""
        path = request.get("path", "/v2/customer_sessions/s1")
        body = dict(request.get("body", {}))
        if "campaignId" in body:
            body["campaignId"] = self.campaign_id
        if re.fullmatch("/v2/customer_sessions/[^/]+", path):
            body = {"customerSession": {}, "responseContent": ["customerSession"]} | body
        return await self.client.request(
            request.get("method", "PUT"),
            path,
            json=body,
            params=request.get("query"),
            headers=self.headers,
        )

    async def put(self, session_id: str, **session: Json) -> Json:
        """Update a session; the body of the answer."""
        body = {"customerSession": session}
        answer = await self.send({"method": "PUT", "path": f"/v2/customer_sessions/{session_id}", "body": body})
        return answer.raise_for_status().json()

    async def campaign(self, *rules: Json, codes: tuple[Json, ...] = (), **changes: Json) -> int:
        """A running campaign with these rules, and coupons of these codes; its id."""
        body = {"name": "Campaign", "state": "enabled", "tags": [], "features": ["coupons", "referrals"], "limits": []}
        made = (await self.client.post(f"{self.url}/campaigns", json=body | changes)).raise_for_status().json()
        url = f"{self.url}/campaigns/{made['id']}"
        if rules:
            ruleset = {"rules": list(rules), "bindings": [], "activate": True}
            (await self.client.post(f"{url}/rulesets", json=ruleset)).raise_for_status()
        for code in codes:
            coupon = {"usageLimit": 0, "numberOfCoupons": 1} | code
            (await self.client.post(f"{url}/coupons", json=coupon)).raise_for_status()
        return int(made["id"])

    async def define(self, request: Json) -> None:
        """Attributes, additional costs and types of events that a request names; what is defined already stays."""
        body = request.get("body", {})
        session = body.get("customerSession", {})
        about_profile = "profiles" in request.get("path", "")
        for entity, values in (
            ("CustomerSession", session.get("attributes", {})),
            *(("CartItem", item.get("attributes", {})) for item in session.get("cartItems", [])),
            ("CustomerProfile" if about_profile else "Event", body.get("attributes", {})),
        ):
            for name, value in values.items():
                await self._attribute(entity, name, value, body.get("type", ""))
        for one in (session, *session.get("cartItems", [])):
            for name in one.get("additionalCosts", {}):
                cost = {"name": name, "title": name, "description": "", "type": "both"}
                await self.client.post("/v1/additional_costs", json=cost)
        if "type" in body:
            await self.client.post("/v1/event_types", json={"name": body["type"], "title": body["type"]})

    async def _attribute(self, entity: str, name: str, value: Json, event_type: str) -> None:
        kind = {str: "string", bool: "boolean"}.get(type(value), "number")
        about = {"entity": entity, "name": name, "type": kind, "title": f"{entity} {event_type} {name}"}
        rest = {"description": "", "suggestions": [], "editable": True}
        event = {"eventType": event_type} if entity == "Event" else {}
        await self.client.post("/v1/attributes", json=about | rest | event)
