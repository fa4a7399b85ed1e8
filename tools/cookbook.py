"""docs/reference/peers.md: common promotions as rules, each from its case in tests/engine/peers, and what is done here
where platforms disagree. Written by tools/reference.py."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent.parent / "tests" / "engine" / "peers"

INTRO = """\
# Promotions of other platforms

Most promotions of shop systems are one of a few types with different numbers in it. This page writes the common ones
as rules, and says what is done here where the platforms' own test suites disagree.

Every recipe below is a file in `tests/engine/peers` with a cart and the exact effects, so what stands here is what the
engine does. Beside the project, `tools/peers_check.py ../shared` translates the promotion cases of seven open-source
platforms (Medusa, Vendure, django-oscar, Solidus, Spree, Sylius, Saleor) into rules of this kind and compares the
amounts; what differs is listed with the reason in `tools/peers_exceptions.txt`.
"""

RECIPES = (
    ("Buy 2, get 1, the cheapest free", "buy_two_get_one_cheapest_free"),
    ("Pay 2 for 3, set by set", "three_pay_two_in_sets"),
    ("Buy X, get Y", "buy_one_get_another_free"),
    ("Two offers on the same goods", "rules_share_the_units_of_a_cart"),
    ("Tiers by quantity", "tiers_by_quantity"),
    ("Percentage capped at an amount", "a_percentage_up_to_an_amount"),
    ("N for a fixed price", "a_set_for_a_fixed_price"),
    ("A set of different goods", "a_set_of_different_goods"),
    ("First N units of a line", "the_first_units_of_each_line"),
    ("Cheapest N units", "the_cheapest_units"),
    ("Whole groups of units only", "only_whole_groups_of_units"),
    ("First unit, and further ones", "another_amount_for_further_units"),
    ("Amount off the order, split among its lines", "an_amount_off_the_order_is_split_to_the_cent"),
    ("Threshold on some goods", "a_condition_on_the_value_of_some_goods"),
    ("Threshold on what is left", "a_threshold_on_what_earlier_promotions_left"),
    ("Free shipping above an amount", "free_shipping_from_an_amount"),
    ("A gift for each unit", "a_gift_for_each_unit"),
    ("Exclusive promotion", "an_exclusive_promotion"),
    ("Best promotion for each item", "the_best_promotion_for_each_item"),
    ("Not on discounted goods", "only_what_is_not_discounted_yet"),
    ("Price floor", "a_price_has_a_floor"),
    ("Price floor, the rest shared by others", "what_a_floor_holds_back_goes_to_the_others"),
)

QUESTIONS = (
    (
        "Three parts of an amount: where goes the odd cent?",
        "To the largest remainder, the first of equal ones; only where the Application rounds (`rounding`). Else parts "
        "are exact to 16 digits, and still sum to the whole.",
        "Vendure: the same. Sylius: all rounded down, the rest to the first. django-oscar, Saleor: the last line takes "
        "the rest. Medusa: not rounded.",
        "remainders_decide_who_gets_the_cent",
    ),
    (
        "Shares in proportion to what?",
        "To the prices before discounts; with the option `basis` `remaining`, to what earlier discounts left.",
        "To what is left: Medusa.",
        "shares_go_by_what_is_left",
    ),
    (
        "Half a cent of discount?",
        "To the customer: discounts are rounded half up. A rule that rounds the price that is left says so.",
        "Vendure: to the shop. Sylius, Saleor: the price is rounded half up.",
        "half_a_cent_goes_to_the_customer",
    ),
    (
        "A percentage of what?",
        "Of what the rule says: `Item.DiscountedPrice` is the running price, `Item.Price` the list price.",
        "Running price: Vendure, Solidus, Medusa. List price: promotions of Sylius with several rewards, Saleor.",
        "percentages_multiply_on_the_running_price",
    ),
    (
        "Which unit is free?",
        "The one that the rule's `sortByNumber` puts first; of equal ones the first in the cart.",
        "Cheapest: django-oscar. Dearest: Medusa, which in an older version takes the last of equal ones.",
        "buy_two_get_one_cheapest_free",
    ),
    (
        "May two promotions use the same unit?",
        "Yes, unless the rules share their units through bindings of one campaign, or a group gives each item to one "
        "campaign.",
        "django-oscar: no, unless the offer is not exclusive. Newer Medusa: no. Others: yes.",
        "rules_share_the_units_of_a_cart",
    ),
    (
        "Does a promotion without effect use up its limit?",
        "A discount for which nothing is left makes its rule fail, and the code is refused: it counts nothing. A rule "
        "that wants a discount of zero succeeds, and its code counts.",
        "Vendure: no, since a repair. Others do not say.",
        "a_code_for_which_nothing_is_left",
    ),
    (
        "Two promotions on the order?",
        "Both, in the order of the evaluation tree; a group can keep the first or the best instead.",
        "In order: Sylius, Vendure, Solidus. Best only: Saleor. By type: Medusa.",
        "the_place_in_the_list_decides_what_is_left",
    ),
    (
        "An amount above what there is?",
        "Takes what there is. An amount per unit is capped at the unit, one off several goods at all of them.",
        "All the same; Medusa leaves out promotions for which nothing is left, as is done here.",
        "more_than_the_cart_holds",
    ),
)


def document(pretty: Callable[[Any], str], generated: str) -> str:
    """The page; `pretty` writes JSON, `generated` says where the page comes from."""
    parts = [INTRO.partition("\n\n")[0], generated, INTRO.partition("\n\n")[2].strip(), "## Recipes"]
    contents = "\n".join(f"* [{title}](#{_anchor(title)})" for title, _ in RECIPES)
    parts += [contents, *(_recipe(title, name, pretty) for title, name in RECIPES)]
    rows = "\n".join(f"| {asked} | {here} | {others} | {_link(name)} |" for asked, here, others, name in QUESTIONS)
    table = f"| question | here | elsewhere | case |\n|---|---|---|---|\n{rows}"
    return "\n\n".join([*parts, "## Where the platforms disagree", table]) + "\n"


def _recipe(title: str, name: str, pretty: Callable[[Any], str]) -> str:
    case = _case(name)
    given = [f"`{setting}`" + ("" if value is True else f" {value}") for setting, value in _settings(case)]
    lines = [f"### {title}", case["why"]]
    if given:
        lines.append(f"Application: {', '.join(given)}.")
    if "groups" in case:
        lines.append(f"Group of the campaigns: {pretty(_group(case['groups'][0]))}")
    for campaign in case["campaigns"] if "groups" not in case else case["campaigns"][:2]:
        ruleset = {name: campaign[name] for name in ("bindings", "rules") if name in campaign}
        lines.append(f"```json\n{pretty(ruleset)}\n```")
    lines.append(_link(name).replace("[case]", "[Cart and effects]"))
    return "\n\n".join(lines)


def _settings(case: dict[str, Any]) -> list[tuple[str, Any]]:
    names = {"flattened": "enableFlattenedCartItems", "cascading": "enableCascadingDiscounts"}
    return [(names.get(name, name), value) for name, value in case.get("application", {}).items()]


def _group(group: dict[str, Any]) -> dict[str, Any]:
    return {"evaluationMode": group["mode"], "evaluationScope": group.get("scope", "session")}


def _link(name: str) -> str:
    _case(name)
    return f"[case](../../tests/engine/peers/{name}.json)"


def _case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())
    return found


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")
