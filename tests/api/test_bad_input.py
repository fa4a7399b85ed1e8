"""Members that make no sense are refused with the documented body; nothing is written and no stack is shown."""

from functools import partial

import pytest

from checkout import cost, coupon_rule, define, invalid, line, refused_request, running

URL = "/v2/customer_sessions/s1"
UNITS = "the sum of quantities must be at most 10000"


@pytest.fixture(scope="module", autouse=True)
def _set_up(shared_manager, shared_shop):
    """A campaign, attributes and a session: a shop in which there is something to break."""
    define(shared_manager, "CustomerSession", "text")
    define(shared_manager, "CustomerSession", "number", "number")
    define(shared_manager, "CustomerSession", "flag", "boolean")
    define(shared_manager, "CustomerSession", "when", "time")
    define(shared_manager, "CustomerSession", "texts", "(list string)")
    define(shared_manager, "CartItem", "text")
    define(shared_manager, "CustomerProfile", "text")
    cost(shared_manager, "fee", type="session")
    cost(shared_manager, "wrapping", type="item")
    running(shared_manager, coupon_rule(), codes=["TEN"])
    session = {"profileId": "kim", "cartItems": [line()], "couponCodes": ["TEN"]}
    assert shared_shop.put(URL, json={"customerSession": session}).status_code == 200


@pytest.fixture
def refused(shared, shared_shop):
    """Send a request that must change nothing; its status and body."""
    return partial(refused_request, shared, shared_shop)


def wrong(kind, got):
    return f"Expected `{kind}`, got `{got}`"


@pytest.mark.parametrize(
    ("session", "pointer", "title", "details"),
    [
        ({"profileId": 5}, "/profileId", "Invalid type", wrong("str", "int")),
        ({"profileId": "x" * 1001}, "/profileId", "maxLength", "Expected `str` of length <= 1000"),
        ({"storeIntegrationId": ""}, "/storeIntegrationId", "minLength", "Expected `str` of length >= 1"),
        ({"storeIntegrationId": "x" * 1001}, "/storeIntegrationId", "maxLength", "Expected `str` of length <= 1000"),
        ({"evaluableCampaignIds": ["1"]}, "/evaluableCampaignIds/0", "Invalid type", wrong("int", "str")),
        ({"couponCodes": "TEN"}, "/couponCodes", "Invalid type", wrong("array", "str")),
        ({"couponCodes": [5]}, "/couponCodes/0", "Invalid type", wrong("str", "int")),
        ({"couponCodes": ["x" * 101]}, "/couponCodes/0", "maxLength", "Expected `str` of length <= 100"),
        ({"couponCodes": ["x"] * 101}, "/couponCodes", "maxItems", "Expected `array` of length <= 100"),
        ({"referralCode": "x" * 101}, "/referralCode", "maxLength", "Expected `str` of length <= 100"),
        ({"referralCode": ["x"]}, "/referralCode", "Invalid type", wrong("str", "array")),
        ({"loyaltyCards": ["1234", "5678"]}, "/loyaltyCards", "maxItems", "Expected `array` of length <= 1"),
        ({"loyaltyCards": ["123"]}, "/loyaltyCards/0", "minLength", "Expected `str` of length >= 4"),
        ({"identifiers": list("123456")}, "/identifiers", "maxItems", "Expected `array` of length <= 5"),
        ({"identifiers": {}}, "/identifiers", "Invalid type", wrong("array", "object")),
        ({"state": 5}, "/state", "Invalid type", wrong("str", "int")),
        ({"attributes": []}, "/attributes", "Invalid type", wrong("object", "array")),
        ({"additionalCosts": {"x": 5}}, "/additionalCosts/...", "Invalid type", wrong("object", "int")),
        ({"additionalCosts": {"fee": {"price": -1}}}, "/additionalCosts/fee/price", "minimum",
         "price must be at least 0"),
        ({"additionalCosts": {"x": {"price": 1}}}, "/additionalCosts/x", "Unknown",
         'The additional cost "x" is not defined on CustomerSession entities.'),
        ({"additionalCosts": {"wrapping": {"price": 1}}}, "/additionalCosts/wrapping", "Unknown",
         'The additional cost "wrapping" is not defined on CustomerSession entities.'),
        ({"cartItems": [line(additionalCosts={"fee": {"price": 1}})]}, "/cartItems/0/additionalCosts/fee", "Unknown",
         'The additional cost "fee" is not defined on CartItem entities.'),
        ({"cartItems": {}}, "/cartItems", "Invalid type", wrong("array", "object")),
        ({"cartItems": [5]}, "/cartItems/0", "Invalid type", wrong("object", "int")),
        ({"cartItems": [line()] * 1001}, "/cartItems", "maxItems", "Expected `array` of length <= 1000"),
        ({"cartItems": [line(quantity=5000), line(quantity=5001)]}, "/cartItems", "maximum", UNITS),
        ({"cartItems": [line(), line(quantity="5")]}, "/cartItems/1/quantity", "Invalid type", wrong("int", "str")),
        ({"cartItems": [line(quantity=True)]}, "/cartItems/0/quantity", "Invalid type", wrong("int", "bool")),
        ({"cartItems": [line(quantity=1.5)]}, "/cartItems/0/quantity", "Invalid type", wrong("int", "float")),
        ({"cartItems": [line(quantity=0)]}, "/cartItems/0/quantity", "minimum", "Expected `int` >= 1"),
        ({"cartItems": [line(quantity=-3)]}, "/cartItems/0/quantity", "minimum", "Expected `int` >= 1"),
        ({"cartItems": [line(quantity=10001)]}, "/cartItems/0/quantity", "maximum", "Expected `int` <= 10000"),
        ({"cartItems": [line(quantity=10**30)]}, "/cartItems/0/quantity", "maximum", "Expected `int` <= 10000"),
        ({"cartItems": [line(price="5")]}, "/cartItems/0/price", "Invalid type", wrong("number", "str")),
        ({"cartItems": [line(price=True)]}, "/cartItems/0/price", "Invalid type", wrong("number", "bool")),
        ({"cartItems": [line(price=-0.01)]}, "/cartItems/0/price", "minimum", "price must be at least 0"),
        ({"cartItems": [line(weight=-1)]}, "/cartItems/0/weight", "minimum", "weight must be at least 0"),
        ({"cartItems": [line(price=10**15 + 1)]}, "/cartItems/0/price", "maximum",
         "Expected `number` of at most 1000000000000000 in size"),
        ({"cartItems": [line(price=1e-31)]}, "/cartItems/0/price", "maximum", "Expected `number` of at most 30 decimals"),
        ({"cartItems": [{"sku": "a", "quantity": 1}]}, "/cartItems/0/price", "required",
         "price is required: the SKU is in no catalog"),
        ({"cartItems": [line(price=None)]}, "/cartItems/0/price", "required",
         "price is required: the SKU is in no catalog"),
        ({"cartItems": [{"sku": "a", "price": 1}]}, "/cartItems/0/quantity", "required",
         "Object missing required field `quantity`"),
        ({"cartItems": [{"quantity": 1, "price": 1}]}, "/cartItems/0/sku", "required",
         "Object missing required field `sku`"),
        ({"cartItems": [line("")]}, "/cartItems/0/sku", "minLength", "Expected `str` of length >= 1"),
        ({"cartItems": [line(product={})]}, "/cartItems/0/product/name", "required",
         "Object missing required field `name`"),
        ({"cartItems": [line(attributes={"nope": 1})]}, "/cartItems/0/attributes/nope", "Unknown",
         'The attribute "nope" is not defined on CartItem entities.'),
        ({"cartItems": [line(attributes={"text": 1})]}, "/cartItems/0/attributes/text", "Invalid type",
         'Value of "text" attribute (1) is not a string'),
        ({"attributes": {"MyAttribute": "x"}}, "/attributes/MyAttribute", "Unknown",
         'The attribute "MyAttribute" is not defined on CustomerSession entities.'),
        ({"attributes": {"MyAttribute": None}}, "/attributes/MyAttribute", "Unknown",
         'The attribute "MyAttribute" is not defined on CustomerSession entities.'),
        ({"attributes": {"text": False}}, "/attributes/text", "Invalid type",
         'Value of "text" attribute (false) is not a string'),
        ({"attributes": {"number": "1"}}, "/attributes/number", "Invalid type",
         'Value of "number" attribute (1) is not a number'),
        ({"attributes": {"number": True}}, "/attributes/number", "Invalid type",
         'Value of "number" attribute (true) is not a number'),
        ({"attributes": {"flag": 1}}, "/attributes/flag", "Invalid type",
         'Value of "flag" attribute (1) is not a boolean'),
        ({"attributes": {"when": "yesterday"}}, "/attributes/when", "Invalid type",
         'Value of "when" attribute (yesterday) is not a time'),
        ({"attributes": {"texts": "a"}}, "/attributes/texts", "Invalid type",
         'Value of "texts" attribute (a) is not a list of string'),
        ({"attributes": {"text": "x" * 1_000_000}}, "/attributes/text", "maxLength",
         "text must have at most 65536 characters"),
        ({"cartItems": [line("x" * 1_000_000)]}, "/cartItems/0/sku", "maxLength", "Expected `str` of length <= 1000"),
        ({"cartItems": [line(name="x" * 1_000_000)]}, "/cartItems/0/name", "maxLength",
         "Expected `str` of length <= 10000"),
        ({"identifiers": ["x" * 1_000_000]}, "/identifiers/0", "maxLength", "Expected `str` of length <= 1000"),
    ],
)  # fmt: skip
def test_members_of_a_session(refused, session, pointer, title, details):
    for extra in ({}, {"state": "closed"}):
        if "state" in session and extra:
            continue
        answer = refused("PUT", URL, json={"customerSession": session | extra})
        assert answer == (400, invalid((pointer, title, details)))
    assert refused("PUT", URL, json={"customerSession": session}, params={"dry": "true"})[0] == 400


def test_everything_that_is_wrong_is_said_at_once(refused):
    session = {
        "cartItems": [line(price=-1, attributes={"b": 1}), {"sku": "x", "quantity": 1}],
        "attributes": {"a": 1, "number": "x"},
    }
    status, body = refused("PUT", URL, json={"customerSession": session})
    pointers = ["/cartItems/0/price", "/cartItems/0/attributes/b", "/cartItems/1/price", "/attributes/a"]
    assert [error["source"]["pointer"] for error in body["errors"]] == [*pointers, "/attributes/number"]
    assert status == 400


@pytest.mark.parametrize(
    ("profiles", "pointer", "title"),
    [
        ([{}], "/customerProfiles/0/integrationId", "required"),
        ([{"integrationId": ""}], "/customerProfiles/0/integrationId", "minLength"),
        ([{"integrationId": "x" * 1001}], "/customerProfiles/0/integrationId", "maxLength"),
        ([{"integrationId": 5}], "/customerProfiles/0/integrationId", "Invalid type"),
        ([{"integrationId": "x"}] * 1001, "/customerProfiles", "maxItems"),
        ([{"integrationId": "ok"}, {"integrationId": "x", "attributes": {"no": 1}}],
         "/customerProfiles/1/attributes/no", "Unknown"),
        ([{"integrationId": "x", "attributes": {"text": 1}}], "/customerProfiles/0/attributes/text", "Invalid type"),
        ([{"integrationId": "x", "attributes": 5}], "/customerProfiles/0/attributes", "Invalid type"),
        ({}, "/customerProfiles", "Invalid type"),
    ],
)  # fmt: skip
def test_profiles(refused, profiles, pointer, title):
    status, body = refused("PUT", "/v2/customer_profiles", json={"customerProfiles": profiles})
    [problem] = body["errors"]
    assert (status, problem["source"], problem["title"]) == (400, {"pointer": pointer}, title)
    assert body["message"] == "The submitted data was invalid"
