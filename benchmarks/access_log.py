"""What the access log costs: session updates with it and without.

Two servers (`guerdon serve`, one worker each) take turns with the requests of `session_update.py`.
"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

# Run as a script, the folder above is not yet on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.session_update import CONNECTIONS, middle, processes, ratio, rounds, verdict
from benchmarks.shop import MUST_HOLD, Shop, start_server

WANTED = 0.9


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    with ExitStack() as stack:
        plans = []
        for days in ("0", "7"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gb-", ignore_cleanup_errors=True)))
            server = stack.enter_context(start_server(folder, GUERDON_ACCESS_LOG_DAYS=days))
            shop = Shop(server.url, CONNECTIONS)
            shop.create()
            shop.verify()
            host, port = server.address
            plan = folder / "plan.json"
            requests = shop.requests(host)
            plan.write_text(json.dumps({"host": host, "port": port, "requests": requests, "must_hold": MUST_HOLD}))
            plans.append(("benchmarks.loadgen", str(plan)))
        sides = stack.enter_context(processes(*plans))
        without, logged = rounds(sides, CONNECTIONS, options)
        alone, logged_alone = rounds(sides, 1, options)
    share = ratio(logged, without, "per_second")
    print(f"without an access log: {middle(without, 'per_second'):7.0f} session updates/s")
    print(f"with one:              {middle(logged, 'per_second'):7.0f} session updates/s")
    print(f"with : without         {share:7.2f}   (goal > {WANTED}: {verdict(share > WANTED)})")
    print(f"p50 alone, with : without {ratio(logged_alone, alone, 'p50_ms'):4.2f}")


if __name__ == "__main__":
    main()
