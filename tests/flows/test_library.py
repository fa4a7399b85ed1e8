"""What rules name is taken as it is kept: it works in a session, and differently once it was changed (rules.md §7)."""

from decimal import Decimal

import make
from checkout import define, effects, line, rules_of, running, update
from files import upload
from guerdon.flows.programs import Programs
from parts import loaded

ITEMS = [".", "Session", "CartItems"]


def off(name, condition, *, amount=1):
    """A rule that takes something off the session when a condition holds."""
    return make.rule(title=name, condition=["and", condition], effects=[["setDiscount", name, amount]])


def names(shop, session, session_id="s"):
    """The names of the discounts that the session is given."""
    return [props["name"] for kind, props in effects(update(shop, session_id, session)) if kind == "setDiscount"]


def refused(manager, campaign, *rules):
    """The details of the first problem of rules that must be refused."""
    url = f"{make.CAMPAIGNS}/{campaign['id']}/rulesets"
    answer = manager.post(url, json=make.ruleset(*rules))
    assert answer.status_code == 400, answer.text
    return answer.json()["errors"][0]["details"]


def holds(sku, collection):
    return ["inCollection", sku, collection]


def in_cart(collection):
    return ["exists", ITEMS, [["Item"], ["inCollection", [".", "Item", "SKU"], collection]]]


class TestCollections:
    URL = "/v1/collections"
    OWN = f"{make.CAMPAIGNS}/1/collections"

    def filled(self, manager, url, name, *items, **more):
        made = manager.post(url, json={"name": name} | more).json()
        upload(manager, f"{url}/{made['id']}/import", "\n".join(["item", *items]))
        return made

    def test_a_rule_asks_for_members(self, manager, shop):
        self.filled(manager, self.URL, "Sale", "A", "B")
        running(manager, off("On sale", in_cart("Sale")), off("Exact", holds("A", "Sale")))
        assert names(shop, {"cartItems": [line("A")]}) == ["On sale", "Exact"]
        assert names(shop, {"cartItems": [line("a")]}) == ["Exact"]
        upload(manager, f"{self.URL}/1/import", "item\nB\nC\n")
        assert names(shop, {"cartItems": [line("A")]}) == []
        assert names(shop, {"cartItems": [line("C")]}) == ["On sale"]

    def test_one_of_the_campaign_goes_before_one_of_the_account(self, manager, shop):
        self.filled(manager, self.URL, "Sale", "A")
        running(manager, off("First", in_cart("Sale")))
        running(manager, off("Second", in_cart("Sale")))
        self.filled(manager, self.OWN, "Sale", "B")
        assert names(shop, {"cartItems": [line("A")]}) == ["Second"]
        assert names(shop, {"cartItems": [line("B")]}) == ["First"]
        manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign(activeRulesetId=1, name="Renamed")).raise_for_status()
        assert names(shop, {"cartItems": [line("B")]}) == ["First"]
        upload(manager, f"{self.OWN}/2/import", "item\nA\n")
        assert names(shop, {"cartItems": [line("A")]}) == ["First", "Second"]

    def test_large_ones_and_names_that_are_computed(self, manager, shop):
        skus = [f"SKU-{number}" for number in range(2000)]
        self.filled(manager, self.URL, "Large", *skus)
        computed = ["inCollection", "SKU-1999", ["concat", "Lar", "ge"]]
        running(manager, off("Large", in_cart("Large")), off("Computed", computed))
        assert names(shop, {"cartItems": [line("SKU-1234")]}) == ["Large", "Computed"]
        upload(manager, f"{self.URL}/1/import", "\n".join(["item", *skus[:1500]]))
        assert names(shop, {"cartItems": [line("SKU-1234")]}) == ["Large"]
        assert names(shop, {"cartItems": [line("SKU-1999")]}) == []

    def test_rules_name_what_there_is(self, manager, shop):
        campaign = make.new_campaign(manager)
        assert "there is no collection `Sale`" in refused(manager, campaign, off("x", in_cart("Sale")))
        make.new_campaign(manager)
        self.filled(manager, f"{make.CAMPAIGNS}/2/collections", "Sale", "A")
        assert "there is no collection `Sale`" in refused(manager, campaign, off("x", in_cart("Sale")))
        manager.post("/v1/applications", json=make.application()).raise_for_status()
        self.filled(manager, self.URL, "Sale", "A", subscribedApplicationsIds=[2])
        assert "there is no collection `Sale`" in refused(manager, campaign, off("x", in_cart("Sale")))
        manager.put(f"{self.URL}/2", json={"subscribedApplicationsIds": [1]}).raise_for_status()
        rules_of(manager, campaign, off("x", in_cart("Sale")))
        assert names(shop, {"cartItems": [line("A")]}) == ["x"]

    def test_what_is_used_stays(self, manager, shop):
        self.filled(manager, self.URL, "Sale", "A")
        campaign, _ = running(manager, off("x", in_cart("Sale")))
        sentence = "The collection is used by the rules of campaign 1"
        for answer in (
            manager.delete(f"{self.URL}/1"),
            manager.put(f"{self.URL}/1", json={"subscribedApplicationsIds": []}),
        ):
            assert (answer.status_code, answer.json()["message"]) == (400, sentence)
        assert names(shop, {"cartItems": [line("A")]}) == ["x"]
        self.filled(manager, self.OWN, "Sale", "A")
        manager.delete(f"{self.URL}/1").raise_for_status()
        assert names(shop, {"cartItems": [line("A")]}) == ["x"]
        assert manager.delete(f"{self.OWN}/2").json()["message"] == sentence
        rules_of(manager, campaign, make.rule())
        manager.delete(f"{self.OWN}/2").raise_for_status()

    def test_a_new_application_has_what_all_have(self, manager, server):
        self.filled(manager, self.URL, "Sale", "A")
        self.filled(manager, self.URL, "Other", "A", subscribedApplicationsIds=[1])
        manager.post("/v1/applications", json=make.application()).raise_for_status()
        url = "/v1/applications/2/campaigns"
        manager.post(url, json=make.campaign()).raise_for_status()
        answer = manager.post(f"{url}/1/rulesets", json=make.ruleset(off("x", in_cart("Sale"))))
        assert answer.status_code == 201, answer.text
        answer = manager.post(f"{url}/1/rulesets", json=make.ruleset(off("x", in_cart("Other"))))
        assert answer.json()["errors"][0]["details"] == "there is no collection `Other`; there is `Sale`"


class TestAdditionalCosts:
    PRICE = [".", "Session", "AdditionalCosts", "shipping", "Price"]

    def test_a_rule_names_a_cost(self, manager, shop):
        campaign = make.new_campaign(manager)
        free = make.rule(title="Free", effects=[["setDiscountPerAdditionalCost", "Free", "shipping", self.PRICE]])
        assert "there is no additional cost `shipping`" in refused(manager, campaign, free)
        cost = make.new_cost(manager)
        rules_of(manager, campaign, free)
        session = {"cartItems": [line()], "additionalCosts": {"shipping": {"price": 4.9}}}
        props = {"name": "Free", "value": 4.9, "additionalCostId": cost["id"], "additionalCost": "shipping"}
        assert effects(update(shop, "s", session)) == [("setDiscountPerAdditionalCost", props)]
        update(shop, "s", session, dry="true")

    def test_what_is_used_stays(self, manager, shop):
        make.new_cost(manager)
        running(manager, off("x", [">", self.PRICE, 1]))
        sentence = "The additional cost is used by the rules of campaign 1"
        assert manager.delete("/v1/additional_costs/1").json()["message"] == sentence
        change = make.cost(subscribedApplicationsIds=[])
        assert manager.put("/v1/additional_costs/1", json=change).json()["message"] == sentence
        session = {"cartItems": [line()], "additionalCosts": {"shipping": {"price": 2}}}
        assert names(shop, session) == ["x"]
        manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign(state="archived", activeRulesetId=1)).raise_for_status()
        manager.delete("/v1/additional_costs/1").raise_for_status()
        manager.put(f"{make.CAMPAIGNS}/1", json=make.campaign(state="enabled", activeRulesetId=1)).raise_for_status()
        assert names(shop, {}) == [], "the rule names what is no more"
        make.new_cost(manager)
        assert names(shop, {}) == ["x"], "and works again when it is there again"

    def test_where_a_cost_may_stand(self, manager, server):
        make.new_cost(manager, type="session")
        make.new_cost(manager, name="engraving", title="E", type="item")
        make.new_cost(manager, name="wrapping", title="W", type="both")
        costs = loaded(server).library.additional_costs
        may = {name: (cost.may_stand("session"), cost.may_stand("item")) for name, cost in costs.items()}
        assert may == {"shipping": (True, False), "engraving": (False, True), "wrapping": (True, True)}
        manager.put("/v1/additional_costs/1", json=make.cost(type="item")).raise_for_status()
        assert loaded(server).library.additional_costs["shipping"].type == "item"


class TestStores:
    IN_GERMANY = ["=", [".", "Store", "Attributes", "country"], "DE"]

    def test_a_rule_looks_at_the_store(self, manager, shop):
        campaign = make.new_campaign(manager)
        assert "not defined on Store" in refused(manager, campaign, off("x", self.IN_GERMANY))
        define(manager, "Store", "country")
        named = ["=", [".", "Store", "Name"], "Berlin"]
        rules_of(manager, campaign, off("Germany", self.IN_GERMANY), off("Berlin", named))
        make.new_store(manager, attributes={"country": "DE"})
        make.new_store(manager, name="Wien", integrationId="W-1", attributes={"country": "AT"})
        assert names(shop, {"cartItems": [line()], "storeIntegrationId": "B-1"}) == ["Germany", "Berlin"]
        assert names(shop, {"storeIntegrationId": "W-1"}) == []
        assert names(shop, {"storeIntegrationId": "unknown"}) == []
        assert names(shop, {"cartItems": [line()]}, "s2") == []
        moved = make.store(name="Berlin", integrationId="W-1", attributes={"country": "AT"})
        manager.put("/v1/applications/1/stores/2", json=moved).raise_for_status()
        assert names(shop, {"storeIntegrationId": "W-1"}) == ["Berlin"]
        manager.delete("/v1/applications/1/stores/1").raise_for_status()
        assert names(shop, {"storeIntegrationId": "B-1"}) == []

    def test_a_campaign_runs_in_the_stores_it_is_linked_to(self, manager, shop):
        for number in (1, 2, 3):
            make.new_store(manager, integrationId=f"S{number}")
        campaign, _ = running(manager, off("x", True), linkedStoreIds=[1, 2])
        links = f"{make.CAMPAIGNS}/{campaign['id']}/stores"

        def where():
            stores = ["S1", "S2", "S3", "S4"]
            found = [one for one in stores if names(shop, {"cartItems": [line()], "storeIntegrationId": one}, one)]
            return [*found, *names(shop, {"cartItems": [line()]}, "none")]

        assert where() == ["S1", "S2"]
        upload(manager, f"{links}/import", "store_integration_id\nS3\n")
        assert where() == ["S3"]
        manager.delete(links).raise_for_status()
        assert where() == ["S1", "S2", "S3", "S4", "x"]

    def test_a_budget_for_each_store(self, manager, shop):
        for number in (1, 2, 3):
            make.new_store(manager, integrationId=f"S{number}")
        campaign, _ = running(manager, off("x", True, amount=10))
        budgets = f"{make.CAMPAIGNS}/{campaign['id']}/stores/budgets"
        limits = [{"storeId": 1, "limit": 15}, {"storeId": 2, "limit": 5}]
        manager.post(budgets, json={"action": "setDiscount", "storeLimits": limits}).raise_for_status()
        session = {"cartItems": [line()], "state": "closed"}
        assert names(shop, session | {"storeIntegrationId": "S1"}, "1") == ["x"]
        assert names(shop, session | {"storeIntegrationId": "S1"}, "2") == []
        assert names(shop, session | {"storeIntegrationId": "S2"}, "3") == []
        assert names(shop, session | {"storeIntegrationId": "S3"}, "4") == ["x"]
        assert names(shop, session, "5") == ["x"]
        upload(manager, f"{budgets}/import", "store_integration_id,limit\nS1,20\n", status=201)
        assert names(shop, session | {"storeIntegrationId": "S1"}, "6") == ["x"]
        assert names(shop, session | {"storeIntegrationId": "S1"}, "7") == []
        assert names(shop, session | {"storeIntegrationId": "S2"}, "8") == ["x"]
        manager.delete(budgets).raise_for_status()
        assert names(shop, session | {"storeIntegrationId": "S1"}, "9") == ["x"]
        manager.post(budgets, json={"action": "setDiscount", "storeLimits": limits}).raise_for_status()
        assert names(shop, session | {"storeIntegrationId": "S1"}, "10") == ["x"], "counting started anew"


class TestValueMaps:
    URL = f"{make.CAMPAIGNS}/1/value_maps"
    MAPPED = [["Item"], [".", "Item", "MappedValue"]]

    def amounts(self, shop, skus, session_id="s"):
        found = effects(update(shop, session_id, {"cartItems": [line(sku) for sku in skus]}))
        return [(props["position"], props["value"]) for kind, props in found if kind == "setDiscountPerItem"]

    def test_each_item_has_its_value(self, manager, shop):
        campaign = make.new_campaign(manager)
        by_id = make.rule(effects=[["setDiscountPerItem", "m", ["valueMapItems", 1, ITEMS], self.MAPPED]])
        assert "there is no value map `1`" in refused(manager, campaign, by_id)
        manager.post(self.URL).raise_for_status()
        rules_of(manager, campaign, by_id)
        assert self.amounts(shop, "AB") == []
        upload(manager, f"{self.URL}/1/import", "identifier,value\nA,12.5\nC,3\n")
        assert self.amounts(shop, "ABC") == [(0, 12.5), (2, 3)]
        upload(manager, f"{self.URL}/1/import", "identifier,value\nB,1\n")
        assert self.amounts(shop, "ABC") == [(1, 1)]

    def test_the_newest_that_was_filled_is_the_one_that_is_meant(self, manager, shop):
        items = [".", "Value_map_items"]
        running(manager, make.rule(effects=[["setDiscountPerItem", "m", items, self.MAPPED]]))
        assert self.amounts(shop, "A") == []
        for number in (1, 2, 3):
            manager.post(self.URL).raise_for_status()
            if number != 2:
                upload(manager, f"{self.URL}/{number}/import", f"identifier,value\nA,{number}\n")
            assert self.amounts(shop, "A") == [(0, 1 if number < 3 else 3)]

    def test_they_belong_to_their_campaign(self, manager, shop):
        make.new_campaign(manager)
        manager.post(self.URL).raise_for_status()
        other = make.new_campaign(manager)
        by_id = make.rule(effects=[["setDiscountPerItem", "m", ["valueMapItems", 1, ITEMS], self.MAPPED]])
        assert "there is no value map `1`" in refused(manager, other, by_id)


class TestCartItemFilters:
    URL = "/v1/applications/1/cart_item_filters"

    def dear(self, price):
        return ["filter", ITEMS, [["Item"], [">", [".", "Item", "Price"], price]]]

    def activate(self, manager, expression, filter_id=1):
        made = manager.post(f"{self.URL}/{filter_id}/expressions", json={"expression": expression})
        assert made.status_code == 201, made.text
        change = {"activeExpressionId": made.json()["id"]}
        manager.put(f"{self.URL}/{filter_id}", json=change).raise_for_status()

    def test_rules_use_the_active_expression(self, manager, shop):
        campaign = make.new_campaign(manager)
        rules = [
            off("path", ["not", ["isEmpty", [".", "Premium"]]]),
            off("function", ["not", ["isEmpty", ["globalFilter", "Premium"]]]),
        ]
        assert "there is no `Premium`" in refused(manager, campaign, *rules)
        manager.post(self.URL, json={"name": "Premium"}).raise_for_status()
        assert "there is no `Premium`" in refused(manager, campaign, *rules), "it has no active expression"
        self.activate(manager, self.dear(50))
        rules_of(manager, campaign, *rules)
        cart = {"cartItems": [line(price=60)]}
        assert names(shop, cart) == ["path", "function"]
        self.activate(manager, self.dear(100))
        assert names(shop, cart) == []
        manager.put(f"{self.URL}/1", json={"activeExpressionId": 1}).raise_for_status()
        assert names(shop, cart) == ["path", "function"]
        refusal = manager.delete(f"{self.URL}/1")
        message = "The cart item filter is used by the rules of campaign 1"
        assert (refusal.status_code, refusal.json()["message"]) == (400, message)
        rules_of(manager, campaign, make.rule())
        manager.delete(f"{self.URL}/1").raise_for_status()
        assert "there is no `Premium`" in refused(manager, campaign, *rules)

    def test_a_filter_sees_the_collections_of_the_account(self, manager, shop):
        manager.post("/v1/collections", json={"name": "Sale"}).raise_for_status()
        manager.post(self.URL, json={"name": "On_sale"}).raise_for_status()
        member = [["Item"], ["inCollection", [".", "Item", "SKU"], "Sale"]]
        self.activate(manager, ["filter", ITEMS, member])
        running(manager, off("x", ["not", ["isEmpty", [".", "On_sale"]]]))
        assert names(shop, {"cartItems": [line("A")]}) == []
        upload(manager, "/v1/collections/1/import", "item\nA\n")
        assert names(shop, {"cartItems": [line("A")]}) == ["x"]
        assert manager.delete("/v1/collections/1").status_code == 400, "the filter of a rule names it"


class TestThePast:
    def test_programs_of_the_past_have_the_contents_of_then(self, manager, server):
        """Also when they were replaced, deleted with their campaign, or taken away from the Application."""
        campaign = make.new_campaign(manager)
        own, maps = f"{make.CAMPAIGNS}/1/collections", f"{make.CAMPAIGNS}/1/value_maps"
        manager.post("/v1/collections", json={"name": "Sale"}).raise_for_status()
        upload(manager, "/v1/collections/1/import", "item\nA\n")
        manager.post(own, json={"name": "Own"}).raise_for_status()
        upload(manager, f"{own}/2/import", "item\nB\n")
        manager.post(maps).raise_for_status()
        upload(manager, f"{maps}/1/import", "identifier,value\nA,0.10\n")
        make.new_store(manager)
        then = make.revision(server)
        upload(manager, "/v1/collections/1/import", "item\nC\n")
        upload(manager, f"{maps}/1/import", "identifier,value\nA,2\n")
        between = make.revision(server)
        manager.delete(f"{make.CAMPAIGNS}/{campaign['id']}").raise_for_status()
        manager.put("/v1/collections/1", json={"subscribedApplicationsIds": []}).raise_for_status()
        manager.delete("/v1/applications/1/stores/1").raise_for_status()

        def seen(program):
            library, kept = program.library, program.by_id.get(campaign["id"])
            return library.collections, kept and kept.collections, library.value_maps, list(library.stores)

        cache = Programs()
        for program in (loaded(server, cache=cache), loaded(server)):
            assert seen(program) == ({}, None, {}, [])
        old = ({"Sale": frozenset("A")}, {"Own": frozenset("B")}, {1: {"A": Decimal("0.1")}}, ["B-1"])
        assert seen(loaded(server, cache=cache, revision=then)) == old
        middle = ({"Sale": frozenset("C")}, {"Own": frozenset("B")}, {1: {"A": Decimal(2)}}, ["B-1"])
        forward = Programs()
        assert seen(loaded(server, cache=forward, revision=then)) == old
        assert seen(loaded(server, cache=forward, revision=between)) == middle
        assert seen(loaded(server, cache=forward)) == ({}, None, {}, [])

    def test_only_what_names_it_is_compiled_again(self, manager, server):
        manager.post("/v1/collections", json={"name": "Sale"}).raise_for_status()
        manager.post("/v1/collections", json={"name": "Other"}).raise_for_status()
        for name in ("Sale", "Other"):
            running(manager, off(name, in_cart(name)))
        running(manager, make.rule())
        cache = Programs()
        before = loaded(server, cache=cache).by_id
        upload(manager, "/v1/collections/1/import", "item\nA\n")
        after = loaded(server, cache=cache).by_id
        assert [after[one] is before[one] for one in (1, 2, 3)] == [False, True, True]
        make.new_store(manager)
        upload(manager, "/v1/collections/2/import", "item\nA\n")
        newest = loaded(server, cache=cache).by_id
        assert [newest[one] is after[one] for one in (1, 2, 3)] == [True, False, True]


class TestEventTypes:
    def test_programs_know_the_types_of_custom_events(self, manager, server):
        assert loaded(server).library.event_types == frozenset()
        manager.post("/v1/event_types", json={"name": "survey", "title": "Survey"}).raise_for_status()
        define(manager, "Event", "score", "number", eventType="rated")
        define(manager, "Event", "stars", "number", eventType="rated")
        assert loaded(server).library.event_types == {"survey", "rated"}
        cache = Programs()
        then = make.revision(server)
        loaded(server, cache=cache)
        manager.delete("/v1/event_types/1").raise_for_status()
        assert loaded(server, cache=cache).library.event_types == {"rated"}
        assert loaded(server, cache=cache, revision=then).library.event_types == {"survey", "rated"}
