"""Builders of requests: each has what the contract requires, and takes what a test is about."""

ALWAYS = ["and", True]


def application(**changes):
    return {"name": "Second shop", "timezone": "Europe/Berlin", "currency": "EUR"} | changes


def attribute(entity="Campaign", name="season", type="string", **changes):
    required = {"title": name.title(), "description": "", "suggestions": [], "editable": True}
    return {"entity": entity, "name": name, "type": type} | required | changes


def campaign(**changes):
    required = {"name": "Summer sale", "state": "enabled", "tags": [], "features": ["coupons"], "limits": []}
    return required | changes


def rule(**changes):
    return {"title": "Ten off", "condition": ALWAYS, "effects": [["setDiscount", "Ten off", 10]]} | changes


def ruleset(*rules, **changes):
    return {"rules": list(rules) or [rule()], "bindings": []} | changes


def coupons(**changes):
    return {"usageLimit": 1, "numberOfCoupons": 1} | changes


CAMPAIGNS = "/v1/applications/1/campaigns"


def new_campaign(manager, **changes):
    """Create a campaign of Application 1 and return it."""
    answer = manager.post(CAMPAIGNS, json=campaign(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def new_campaign_group(manager, **changes):
    """Create a campaign group and return it."""
    answer = manager.post("/v1/campaign_groups", json={"name": "Germany"} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def group(**changes):
    required = {"name": "Sales", "parentId": 1, "evaluationMode": "stackable", "evaluationScope": "session"}
    return required | {"locked": False} | changes


def new_group(manager, **changes):
    """Create an evaluation group of Application 1 and return it."""
    answer = manager.post("/v1/applications/1/evaluation_groups", json=group(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def store(**changes):
    return {"name": "Berlin", "description": "", "integrationId": "B-1"} | changes


def new_store(manager, **changes):
    """Create a store of Application 1 and return it."""
    answer = manager.post("/v1/applications/1/stores", json=store(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def cost(**changes):
    return {"name": "shipping", "title": "Shipping", "description": "", "type": "both"} | changes


def new_cost(manager, **changes):
    """Define a kind of additional cost and return it."""
    answer = manager.post("/v1/additional_costs", json=cost(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def new_coupons(manager, campaign_id, **changes):
    """Create coupons and return them."""
    url = f"{CAMPAIGNS}/{campaign_id}/coupons"
    answer = manager.post(url, params={"silent": "no"}, json=coupons(**changes))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def new_referral(shop, campaign_id, advocate="ann", **changes):
    """Create a referral and return it."""
    body = {"campaignId": campaign_id, "advocateProfileIntegrationId": advocate} | changes
    answer = shop.post("/v1/referrals", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def revision(server):
    """The program revision of Application 1."""
    return server.sql("SELECT revision FROM applications WHERE id = 1")[0]["revision"]


def per_profile(**changes):
    return {"action": "redeemCoupon", "limit": 1, "entities": ["Profile"]} | changes
