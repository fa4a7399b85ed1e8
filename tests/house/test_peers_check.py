"""The translator of tools/peers_check.py: promotion cases of our own, in the words of the vectors that it is for."""

from pathlib import Path

import pytest

import peers_check

VECTORS = peers_check.read((Path(__file__).parent / "peer_vectors.json").read_bytes())
ONE = VECTORS[0]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_what_the_words_mean(vector):
    assert peers_check.difference(vector) == ""


def test_a_vector_that_is_not_reproduced_is_a_problem():
    wrong = ONE | {"id": "x", "expect": ONE["expect"] | {"applied": []}}
    assert peers_check.problems([wrong], {}) == ["x: applied should be [], but is [p]"]


def test_a_vector_that_is_listed_with_its_reason_is_none():
    wrong = ONE | {"id": "x", "expect": {"applied": []}}
    excepted = peers_check.exceptions("# why\nx by design: ours is better\n")
    assert peers_check.problems([wrong], excepted) == []
    assert peers_check.summary([wrong, ONE], excepted, 0) == (
        "1 of 2 reproduced, 1 differ by design, 0 cannot be expressed, 0 wrong"
    )


def test_a_line_that_is_not_needed_is_a_problem():
    assert peers_check.problems([ONE], {ONE["id"]: "by design: no"}) == [
        f"{ONE['id']}: reproduced, so take its line out of peers_exceptions.txt"
    ]


def test_a_line_without_a_reason_is_refused():
    with pytest.raises(SystemExit, match="x needs a reason"):
        peers_check.exceptions("x because\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "seance"}, "not known here: kind seance"),
        ({"expect": {"mood": "good"}}, "not known here: Unknown expectation mood"),
    ],
)
def test_a_word_that_is_not_known_is_a_problem(changed, said):
    assert peers_check.difference(ONE | changed) == said


def test_amounts_are_compared_as_exactly_as_their_source_has_them():
    assert peers_check.same(166.66666666666666, peers_check.Decimal("166.6666666666667"), ordered=True)
    assert not peers_check.same(1, peers_check.Decimal("1.01"), ordered=True)
