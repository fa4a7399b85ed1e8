"""`guerdon demo`: a checkout told step by step against a running server, with nothing but its public API."""

import argparse
import json
import os
import secrets
import sys
from pathlib import Path

from rich.console import Console

from guerdon.demo.shop import demo_shop
from guerdon.demo.stage import Stage
from guerdon.demo.story import DemoError, Till, story

__all__ = ["add_arguments", "demo", "demo_shop"]

DEFAULT_URL = "http://127.0.0.1:8080"
NO_KEY = "No Integration key: start `guerdon serve` here first, give --key or set GUERDON_INTEGRATION_KEY."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `guerdon demo`."""
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the server ({DEFAULT_URL})")
    parser.add_argument("--key", help="or GUERDON_INTEGRATION_KEY; else the server's keys.json beside its data")
    parser.add_argument("--fast", action="store_true", help="print everything at once")


def demo(args: argparse.Namespace) -> int:
    """Run the command; the process's exit code."""
    console = Console()
    stage = Stage(console, moving=sys.stdout.isatty() and not args.fast)
    try:
        till = Till(args.url, args.key or _known_key())
        try:
            for scene in story(till, secrets.token_hex(3)):
                stage.show(scene)
        finally:
            till.close()
    except DemoError as error:
        Console(stderr=True).print(f"[red]guerdon demo:[/] {error}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print()
    console.print(
        f"{stage.scenes} requests, {stage.milliseconds / stage.scenes:.1f} ms each. Every one of them is stored with"
        f" what it was judged by. The API, to try in the browser: {args.url}/openapi"
    )
    return 0


def _known_key() -> str:
    if key := os.environ.get("GUERDON_INTEGRATION_KEY", "").strip():
        return key
    file = Path(os.environ.get("GUERDON_DATA") or "data") / "keys.json"
    try:
        return str(json.loads(file.read_text())["integrationKey"])
    except (OSError, ValueError, KeyError):
        raise DemoError(NO_KEY) from None
