"""The command line: `guerdon serve`, `migrate`, `demo`, `replay`, `eval`."""

import argparse
import os
import sys

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
    demo.add_arguments(commands.add_parser("demo", help="a checkout told step by step, against a running server"))
    replay.add_arguments(
        commands.add_parser("replay", help="a year of a real grocer's baskets, against a running server")
    )
    again = commands.add_parser("eval", help="judge a request of the event log again and compare what comes out")
    again.add_argument("event", type=int, help="id of the event")
    again.add_argument("--application", type=int, default=1, help="id of the Application (1)")
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.command == "demo":
        return demo.demo(arguments)
    if arguments.command == "replay":
        return replay.replay(arguments)
    # The server's side is imported when it is asked for, so that the clients start at once.
    from guerdon import serve

    if arguments.command == "serve":
        return serve.serve(settings)
    if arguments.command == "migrate":
        return serve.migrate_only(settings)
    return serve.judge_again(settings, arguments.application, arguments.event)
