"""The generated reference pages say what the code says, and their JSON is right."""

import importlib.util
import json
import re
from pathlib import Path

from guerdon.engine.talang import registry
from guerdon.engine.talang.paths import PATHS
from guerdon.settings import Settings

ROOT = Path(__file__).parent.parent.parent
spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)
PAGES = ROOT / "docs" / "reference"


def test_the_reference_pages_are_up_to_date():
    stale = [path.name for path, text in reference.documents().items() if path.read_text() != text]
    assert stale == [], "run tools/reference.py"


def test_every_function_effect_and_path_is_documented():
    page = (PAGES / "rule-language.md").read_text()
    assert [name for name in registry.names() if f"#### `{name}`" not in page] == []
    paths = [f"{entity}.{name}" if name else entity for entity, of in PATHS.items() for name in of]
    assert [path for path in paths if f"| `{path}` |" not in page] == []


def test_every_function_and_effect_shows_how_it_is_written():
    page = (PAGES / "rule-language.md").read_text()
    entries = {entry.split("`")[1]: entry for entry in re.split(r"^#### ", page, flags=re.M)[1:]}
    assert [name for name in registry.names() if f'["{name}"' not in entries[name]] == [], "declare an example"


def test_the_contents_lead_somewhere():
    page = (PAGES / "rule-language.md").read_text()
    headings = [
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", page, re.M)
    ]
    assert [anchor for anchor in re.findall(r"\]\(#(.*?)\)", page) if headings.count(anchor) != 1] == []


def test_every_setting_is_documented():
    page = (PAGES / "settings.md").read_text()
    assert [name for name in Settings.__struct_fields__ if f"| `GUERDON_{name.upper()}` |" not in page] == []


def test_the_examples_are_json():
    blocks = re.findall(r"```json\n(.*?)```", (PAGES / "rule-language.md").read_text(), re.S)
    assert [type(json.loads(block)) for block in blocks] == [dict, *[dict, dict, list] * 3]
