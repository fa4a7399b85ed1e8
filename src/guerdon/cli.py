"""The command line: `guerdon serve`, `migrate`, `backup`, `restore`, `demo`, `replay`, `eval`."""

import argparse
import os
import sys
from pathlib import Path

from guerdon import demo, replay
from guerdon.settings import Settings


def main() -> None:
    """Entry point of the `guerdon` command."""
    arguments = _parser().parse_args()
    try:
        settings = Settings.from_environment(os.environ)
    except ValueError as error:
        sys.exit(f"guerdon: {error}")
    try:
        sys.exit(_run(arguments, settings))
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="guerdon", description="A self-hosted promotion and loyalty engine.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "serve", help="start the server, with the embedded PostgreSQL unless GUERDON_DATABASE_URL is set"
    )
    commands.add_parser("migrate", help="bring the database at GUERDON_DATABASE_URL to the newest schema")
    for command, text in (("backup", "write the whole database to a file"), ("restore", "fill an empty one from it")):
        commands.add_parser(command, help=text).add_argument("file", type=Path)
    demo.add_arguments(commands.add_parser("demo", help="a checkout told step by step, against a running server"))
    replay.add_arguments(
        commands.add_parser("replay", help="a year of a real grocer's baskets, against a running server")
    )
    again = commands.add_parser("eval", help="judge a case file, or a request of the event log again")
    again.add_argument("what", help="a JSON file with a case (docs/howto/first-rule.md), or the id of an event")
    again.add_argument("--explain", action="store_true", help="tell as a tree how it came about")
    again.add_argument("--application", type=int, default=1, help="id of the Application (1)")
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.command == "demo":
        return demo.demo(arguments)
    if arguments.command == "replay":
        return replay.replay(arguments)
    if arguments.command == "eval" and not arguments.what.isdecimal():
        return _judge_case(arguments.what, explained=arguments.explain)
    # The server's side is imported when it is asked for, so that the clients start at once.
    from guerdon import backup, serve

    if arguments.command == "backup":
        return backup.backup(settings, arguments.file)
    if arguments.command == "restore":
        return backup.restore(settings, arguments.file)
    if arguments.command == "serve":
        return serve.serve(settings)
    if arguments.command == "migrate":
        return serve.migrate_only(settings)
    return serve.judge_again(settings, arguments.application, int(arguments.what), explained=arguments.explain)


def _judge_case(path: str, *, explained: bool) -> int:
    """Evaluate a case file without a server: its effects as JSON, or the story of them."""
    from guerdon.engine import evaluate
    from guerdon.engine.case import CaseProblem, read_case
    from guerdon.engine.explain import explain
    from guerdon.engine.tell import tell
    from guerdon.wire.base import encode_text

    try:
        case = read_case(Path(path).read_bytes())
    except OSError as error:
        sys.exit(f"guerdon: {path}: {error.strerror}")
    except CaseProblem as problem:
        sys.exit(f"guerdon: {path}: {problem}")
    if explained:
        print(*tell(case.program, explain(case.program, case.facts, case.now)), sep="\n")
        return 0
    for effect in evaluate(case.program, case.facts, case.now).effects:
        print(encode_text(effect))
    return 0
