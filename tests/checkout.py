"""What a shop does: carts, session updates, and looking at whether anything was written."""

import make

COUPON_VALID = ["couponValid"]
TOTAL = [".", "Session", "Total"]
CART = [
    {"sku": "A", "name": "Apple", "quantity": 2, "price": 10.5, "category": "fruit"},
    {"sku": "B", "quantity": 1, "price": 4},
]


def line(sku="A", quantity=1, price=100, **more):
    """A line of the cart."""
    return {"sku": sku, "quantity": quantity, "price": price} | more


def put(shop, session_id, session, *, content=(), **params):
    """Update a session; the HTTP answer."""
    body = {"customerSession": session} | ({"responseContent": list(content)} if content else {})
    return shop.put(f"/v2/customer_sessions/{session_id}", json=body, params=params or None)


def update(shop, session_id, session, *, content=(), **params):
    """Update a session, which must succeed; the body of the answer."""
    answer = put(shop, session_id, session, content=content, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def session_of(shop, session_id, session, **params):
    """Update a session and return it as the answer shows it."""
    return update(shop, session_id, session, content=["customerSession"], **params)["customerSession"]


def effects(body):
    """The effects of an answer as (type, props)."""
    return [(one["effectType"], one["props"]) for one in body["effects"]]


def refusal(message, *errors, status=400):
    """The body of a refusal; each error is (pointer, title, details)."""
    problems = [
        {"title": title, "source": {"pointer": pointer}, "details": details} for pointer, title, details in errors
    ]
    return {"message": message, "errors": problems, "StatusCode": status}


def invalid(*errors):
    """The body of a 400 about the data; each error is (pointer, title, details)."""
    return refusal("The submitted data was invalid", *errors)


def percent(number):
    """That much of the session total."""
    return ["*", TOTAL, ["/", number, 100]]


def running(manager, *rules, codes=(), **changes):
    """Create a campaign that runs these rules, with coupons of these codes; (campaign, {code: coupon})."""
    campaign = make.new_campaign(manager, **changes)
    rules_of(manager, campaign, *rules)
    made = {}
    for entry in codes:
        entry = {"code": entry} if isinstance(entry, str) else dict(entry)
        code = entry.pop("code")
        coupons = make.new_coupons(manager, campaign["id"], couponPattern=code, **entry)
        made[code] = coupons[0]
    return campaign, made


def rules_of(manager, campaign, *rules, **changes):
    """Give a campaign new rules and activate them; the ruleset."""
    url = f"{make.CAMPAIGNS}/{campaign['id']}/rulesets"
    answer = manager.post(url, json=make.ruleset(*rules, **changes) | {"activate": True})
    assert answer.status_code == 201, answer.text
    return answer.json()


def coupon_rule(*effects, title="With a code", **changes):
    """A rule that asks for a valid code."""
    given = [list(effect) for effect in effects] or [["setDiscount", "10% off", percent(10)]]
    return make.rule(title=title, condition=["and", COUPON_VALID], effects=given, **changes)


def define(manager, entity, name, kind="string", **changes):
    """Define a custom attribute."""
    answer = manager.post("/v1/attributes", json=make.attribute(entity, name, kind, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def cost(manager, *names, **changes):
    """Define additional costs of sessions and items."""
    for name in names:
        body = {"name": name, "title": name, "description": "", "type": "both"} | changes
        answer = manager.post("/v1/additional_costs", json=body)
        assert answer.status_code == 201, answer.text


def new_key(manager, **changes):
    """A further Integration key of Application 1: (id, headers)."""
    body = {"title": "Another key", "expires": "2099-01-01T00:00:00Z"} | changes
    made = manager.post("/v1/applications/1/api_keys", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"], {"Authorization": f"ApiKey-v1 {made.json()['key']}"}


# Without what is written down about requests, refused ones as well.
_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
AND NOT relispartition AND relname NOT IN ('management_key_uses', 'user_visits', 'login_attempts') ORDER BY relname
"""


def rows(server):
    """Every table with its number of rows and a digest of them: two of these tell whether anything was written."""
    tables = [row["relname"] for row in server.sql(_TABLES)]
    parts = [f"SELECT '{t}' AS name, count(*) AS n, md5(string_agg(t::text, '|' ORDER BY t::text)) AS digest FROM {t} t"
             for t in tables]  # fmt: skip
    return {row["name"]: (row["n"], row["digest"]) for row in server.sql(" UNION ALL ".join(parts))}


def refused_request(server, client, method, url, **request):
    """Send a request that must be refused: nothing is written, no stack is shown; (status, body)."""
    before = rows(server)
    answer = client.request(method, url, **request)
    assert answer.headers["content-type"] == "application/json"
    assert b"Traceback" not in answer.content
    assert b".py" not in answer.content
    assert rows(server) == before
    return answer.status_code, answer.json()
