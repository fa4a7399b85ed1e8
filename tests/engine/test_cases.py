"""Each file in cases/ is one behaviour: what is given, and the exact effects (README there). Those in peers/ are what
promotion platforms have in common, and the recipes of docs/reference/peers.md."""

import json
from pathlib import Path

import pytest

import judge
from guerdon.engine import evaluate

HERE = Path(__file__).parent
FILES = sorted([*HERE.glob("cases/*.json"), *HERE.glob("peers/*.json")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_case_gives_what_it_says(path):
    text = path.read_text()
    case, expected = judge.Case(text), judge.exact(text)
    found = judge.found(evaluate(case.program, case.facts, case.now))
    given = json.loads(text)
    for name in expected.keys() & found.keys():
        wanted = expected[name]
        if name == "effects":
            wanted = [judge.exact(json.dumps(case.wrapper(g))) | w for g, w in zip(given[name], wanted, strict=True)]
        elif name == "failures":
            wanted = [judge.exact(json.dumps(case.failed(g))) | w for g, w in zip(given[name], wanted, strict=True)]
        assert found[name] == wanted
    assert {"why", "campaigns", "effects"} <= expected.keys()


def test_there_are_cases():
    assert len(FILES) >= 40
