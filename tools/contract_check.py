"""Hold the served OpenAPI document against the contract beside the project: `contract_check.py ../shared`.

For operations that are served, everything the contract declares must be there with a compatible type, apart
from tests/contract/exceptions.txt. That list may only shrink: a line of it that is no longer needed fails, too.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from guerdon.api.app import build_framework
from guerdon.api.document import openapi_document
from guerdon.wire.base import encode

METHODS = {"GET", "PUT", "POST", "DELETE", "PATCH"}
LEAST_OPERATIONS = "155"  # so that none is lost unnoticed
EXCEPTIONS = Path(__file__).parent.parent / "tests" / "contract" / "exceptions.txt"


def main() -> int:
    """Exit status 1 on a difference that is not excepted, or an exception that is not needed."""
    shared = Path(sys.argv[1])
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(encode(openapi_document(build_framework({}))))
        file.flush()
        options = ["--list", "--min-ops", LEAST_OPERATIONS]
        command = [sys.executable, str(shared / "tools" / "contract_diff.py"), file.name, *options]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    compared = [line.split() for line in listed]
    different = {" ".join(words) for words in compared if words[0] != "operation" and words[1] in METHODS}
    excepted = {line.strip() for line in EXCEPTIONS.read_text().splitlines() if line.strip() and line[0] != "#"}
    for line in sorted(different - excepted):
        print(f"differs from the contract: {line}")
    for line in sorted(excepted - different):
        print(f"exception no longer needed, take it out: {line}")
    print("\n".join(listed[-5:]))
    return 1 if different != excepted else 0


if __name__ == "__main__":
    sys.exit(main())
