"""Large sets of texts: they hold what a frozenset would."""

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

import judge
from guerdon.engine import compile_campaign
from guerdon.engine.texts import FEW, Texts, set_of


@settings(deadline=None, database=None, max_examples=50)
@given(st.lists(st.text(max_size=3)), st.lists(st.text(max_size=3)))
def test_it_holds_what_a_frozenset_holds(members, others):
    texts = Texts(members)
    assert [one in texts for one in (*members, *others)] == [one in frozenset(members) for one in (*members, *others)]
    assert (list(texts), len(texts)) == (members, len(members))
    assert (texts == Texts(others)) == (members == others)
    assert None not in texts
    assert 5 not in texts


def test_equal_sets_are_one_key():
    members = [f"M-{number}" for number in range(200)]
    assert len({Texts(members), Texts(list(members)), Texts(members[1:])}) == 2


def test_few_texts_are_a_frozenset():
    assert set_of(["A", "B", "A"]) == frozenset({"A", "B"})
    assert isinstance(set_of([str(number) for number in range(FEW + 1)]), Texts)


def test_threads_give_a_text_one_number():
    members = [f"T-{number}" for number in range(20_000)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda at: Texts(members[at:] + members[:at]), range(0, 20_000, 2_500)))
    assert all(sorted(one.numbers) == sorted(made[0].numbers) for one in made)
    assert [next(iter(one)) for one in made] == [members[at] for at in range(0, 20_000, 2_500)]


def test_a_compiled_campaign_keeps_a_large_collection_once():
    members = [f"K-{number}" for number in range(200)]
    bindings = [
        {"name": "Many", "type": "collection", "expression": ["list", *members]},
        {"name": "Few", "type": "collection", "expression": ["list", "A"]},
    ]
    campaign = compile_campaign(judge.campaign(bindings=bindings), {})
    kept, few = (binding["expression"] for binding in campaign.source.bindings)
    assert kept is campaign.collections["Many"]
    assert (list(kept), few) == (members, ["list", "A"])
    again = compile_campaign(campaign.source, {})
    assert again.collections["Many"] is kept
