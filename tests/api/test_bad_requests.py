"""Bodies, ids, paths and methods that make no sense are refused; nothing is written and no stack is shown."""

from functools import partial
from urllib.parse import quote

import pytest

from checkout import define, invalid, line, refusal, refused_request

URL = "/v2/customer_sessions/s1"


@pytest.fixture(scope="module", autouse=True)
def _set_up(shared_manager, shared_shop):
    """Attributes and a session: a shop in which there is something to break."""
    define(shared_manager, "CustomerSession", "text")
    define(shared_manager, "CustomerSession", "number", "number")
    define(shared_manager, "CustomerProfile", "text")
    assert shared_shop.put(URL, json={"customerSession": {"profileId": "kim"}}).status_code == 200


@pytest.fixture
def refused(shared, shared_shop):
    """Send a request that must change nothing; its status and body."""
    return partial(refused_request, shared, shared_shop)


def wrong(kind, got):
    return f"Expected `{kind}`, got `{got}`"


NOT_JSON = "The request body is not valid JSON"
IN_SESSION = b'{"customerSession": %s}'
IN_CART = b'{"customerSession": {"cartItems": [{"sku": "a", "quantity": 1, "price": %s}]}}'
IN_NUMBER = b'{"customerSession": {"attributes": {"number": %s}}}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{",
        b"{'customerSession': {}}",
        IN_SESSION % b"{} trailing",
        IN_SESSION % b"{,}",
        IN_SESSION % b'{"profileId": "\xff\xfe"}',
        IN_SESSION % b'{"profileId": "\xed\xa0\x80"}',
        IN_SESSION % b'{"profileId": "\\ud800"}',
        IN_SESSION % b'{"attributes": {"text": "\\udfff"}}',
        b"\xef\xbb\xbf" + IN_SESSION % b"{}",
        "{}".encode("utf-16"),
        IN_CART % b"NaN",
        IN_CART % b"Infinity",
        IN_CART % b"-Infinity",
        IN_CART % b"0x10",
        IN_CART % b"01",
        IN_CART % b"1.",
        IN_NUMBER % b"NaN",
        IN_NUMBER % b"1e400",
        IN_NUMBER % b"-1e400",
        IN_NUMBER % b"1e-400",
        IN_NUMBER % b"1e99999999999999999999",
        IN_SESSION % (b"[" * 100_000),
        IN_SESSION % (b"[" * 100_000 + b"]" * 100_000),
        IN_SESSION % (b'{"attributes": {"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"),
        IN_SESSION % (b'{"unknown": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001),
        b"[" * 100_000,
    ],
)
def test_what_is_not_json(refused, content):
    status, body = refused("PUT", URL, content=content)
    assert (status, body["StatusCode"]) == (400, 400)
    assert body["message"] in (NOT_JSON, "The submitted data was invalid")
    assert len(str(body)) < 500


@pytest.mark.parametrize(
    ("content", "pointer", "title", "details"),
    [
        (b"[]", "/", "Invalid type", wrong("object", "array")),
        (b"null", "/", "Invalid type", wrong("object", "null")),
        (b'"text"', "/", "Invalid type", wrong("object", "str")),
        (b"5", "/", "Invalid type", wrong("object", "int")),
        (b"{}", "/customerSession", "required", "Object missing required field `customerSession`"),
        (IN_SESSION % b"null", "/customerSession", "required", "Object missing required field `customerSession`"),
        (IN_SESSION % b"[]", "/customerSession", "Invalid type", wrong("object", "array")),
        (b'{"customerSession": {}, "responseContent": "event"}', "/responseContent", "Invalid type",
         wrong("array", "str")),
        (b'{"customerSession": {}, "responseContent": ["event", 5]}', "/responseContent/1", "Invalid type",
         wrong("str", "int")),
        (IN_CART % b"1e400", "/cartItems/0/price", "Invalid type", "Expected `number` of a reasonable size"),
        (IN_CART % b"1e16", "/cartItems/0/price", "maximum", "Expected `number` of at most 1000000000000000 in size"),
    ],
)  # fmt: skip
def test_the_envelope(refused, content, pointer, title, details):
    status, body = refused("PUT", URL, content=content)
    assert (status, body) == (400, invalid((pointer, title, details)))


def test_nul_characters_cannot_be_stored(refused):
    expected = (400, refusal("The text contains a character that cannot be stored"))
    nul = "a\x00b"
    assert refused("PUT", "/v2/customer_sessions/a%00b", json={"customerSession": {}}) == expected
    assert refused("GET", "/v2/customer_sessions/a%00b") == expected
    for session in (
        {"profileId": nul},
        {"couponCodes": [nul]},
        {"referralCode": nul},
        {"storeIntegrationId": nul},
        {"identifiers": [nul]},
        {"attributes": {"text": nul}},
        {"cartItems": [line(nul)]},
        {"cartItems": [line(name=nul)]},
        {"cartItems": [line()], "state": "closed", "profileId": nul},
    ):
        assert refused("PUT", URL, json={"customerSession": session}) == expected, session
    for session in ({"attributes": {nul: "x"}}, {"additionalCosts": {nul: {"price": 1}}}):
        assert refused("PUT", URL, json={"customerSession": session})[0] == 400
    profiles = {"customerProfiles": [{"integrationId": "ok"}, {"integrationId": nul}]}
    assert refused("PUT", "/v2/customer_profiles", json=profiles) == expected
    profiles = {"customerProfiles": [{"integrationId": "ok", "attributes": {"text": nul}}]}
    assert refused("PUT", "/v2/customer_profiles", json=profiles) == expected


def test_a_body_of_eleven_megabytes(refused):
    big = b'{"customerSession": {"profileId": "' + b"x" * (11 * 1024 * 1024) + b'"}}'
    too_large = (413, refusal("The request body is too large", status=413))
    assert refused("PUT", URL, content=big) == too_large
    assert refused("PUT", URL, content=iter([big])) == too_large
    assert refused("PUT", "/v2/customer_profiles", content=big) == too_large


def test_ids_in_the_path(refused):
    for path in ("x" * 1001, "%20" * 1001):
        for method in ("PUT", "GET"):
            status, body = refused(method, f"/v2/customer_sessions/{path}", json={"customerSession": {}})
            problem = {"title": "maxLength", "source": {"parameter": "customerSessionId"},
                       "details": "a session id has 1 to 1000 characters"}  # fmt: skip
            assert (status, body["errors"]) == (400, [problem])
    for path in ("%FF", "a%C3", "%ED%A0%80"):
        expected = (400, refusal("The session id is not valid UTF-8"))
        for method in ("PUT", "GET"):
            assert refused(method, f"/v2/customer_sessions/{path}", json={"customerSession": {}}) == expected, path
    # A thousand characters of four bytes, all different: more than an index can hold.
    longest = "".join(chr(number) for number in range(0x20000, 0x20000 + 1000 * 40, 40))
    expected = (400, refusal("A text is too long"))
    assert refused("PUT", f"/v2/customer_sessions/{quote(longest)}", json={"customerSession": {}}) == expected
    assert refused("PUT", URL, json={"customerSession": {"profileId": longest}}) == expected


def test_paths_and_methods_that_do_not_exist(refused):
    not_found = (404, refusal("Not found", status=404))
    for path in ("/v2/customer_session/s1", "/v2/customer_sessions", "/v2/customer_sessions/s1/nope", "/nope", "/v2"):
        assert refused("PUT", path, json={"customerSession": {}}) == not_found, path
    not_allowed = (405, refusal("Method not allowed", status=405))
    for method in ("POST", "DELETE", "PATCH"):
        assert refused(method, URL, json={"customerSession": {}}) == not_allowed, method
    assert refused("GET", "/v2/customer_profiles") == not_allowed
    assert refused("GET", "/v2/customer_sessions/") == not_found


def test_a_wrong_silent(refused):
    status, body = refused("PUT", "/v2/customer_profiles", json={"customerProfiles": []}, params={"silent": "maybe"})
    assert (status, body["errors"][0]["source"]) == (400, {"parameter": "silent"})
    assert refused("PUT", "/v2/customer_profiles", content=b"{")[1]["message"] == NOT_JSON


def test_odd_but_valid(shared_shop):
    """Not refused: duplicate keys (the last counts), deep unknown members, emoji, other content types."""
    for content in (
        b'{"customerSession": {"profileId": "a", "profileId": "b"}}',
        b'{"customerSession": {"unknown": [[[[[[[[[[[[]]]]]]]]]]]]}}',
        '{"customerSession": {"profileId": "\U0001f9fe", "attributes": {"text": "\u202e\ufffd"}}}'.encode(),
        b'{"customerSession": {"profileId": "\\ud83e\\uddfe"}}',
    ):
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
            answer = shared_shop.put("/v2/customer_sessions/odd", content=content, headers={"Content-Type": kind})
            assert answer.status_code == 200, (content, kind)
