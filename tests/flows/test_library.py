"""What rules name is taken as it is kept: it works in a session, and differently once it was changed (rules.md §7)."""

import make
from checkout import effects, line, rules_of, running, update
from files import upload

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
