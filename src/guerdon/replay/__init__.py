"""`guerdon replay complete-journey`: a year of real baskets played against a running server over HTTP.

This package only speaks HTTP, like any shop would: it knows neither the database nor the server's own code.
"""

import argparse
import asyncio
import json
import os
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from guerdon.replay import complete_journey, report
from guerdon.replay.client import Client
from guerdon.replay.dataset import Basket, Dataset, place_redemptions
from guerdon.replay.errors import ReplayError
from guerdon.replay.load import give_back_key, load, load_households
from guerdon.replay.play import LOT, Player, Tally, lots_begun

DEFAULT_URL = "http://127.0.0.1:8080"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `guerdon replay`."""
    parser.add_argument("dataset", choices=["complete-journey"], help="which data to replay")
    parser.add_argument("--limit", type=_positive, metavar="N", help="play only the first N baskets")
    parser.add_argument("--concurrency", type=_positive, default=8, metavar="N", help="requests at once (8)")
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the server ({DEFAULT_URL})")
    parser.add_argument(
        "--management-key", help="or GUERDON_MANAGEMENT_KEY; else the server's keys.json beside its data"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def replay(args: argparse.Namespace) -> int:
    """Run the command; the process's exit code."""
    console = Console()
    errors = Console(stderr=True)
    try:
        key = args.management_key or _known_key()
        asyncio.run(_knock(args.url, key))
        with console.status("Reading the data"):
            data = complete_journey.load()
        asyncio.run(run(data, args.url, key, limit=args.limit, concurrency=args.concurrency, console=console))
    except ReplayError as error:
        errors.print(f"[red]guerdon replay:[/] {error}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        errors.print("Stopped. The same command goes on from here.")
        return 130
    return 0


async def _knock(url: str, management_key: str) -> None:
    """Whether the server is there and knows the key; asked before the data is read, which takes seconds."""
    client = Client(url, f"ManagementKey-v1 {management_key}", 1)
    try:
        await client.do("GET", "/v1/applications", pageSize=1)
    finally:
        await client.close()


def _known_key() -> str:
    if key := os.environ.get("GUERDON_MANAGEMENT_KEY", "").strip():
        return key
    file = Path(os.environ.get("GUERDON_DATA") or "data") / "keys.json"
    try:
        return str(json.loads(file.read_text())["managementKey"])
    except (OSError, ValueError, KeyError):
        raise ReplayError("No Management key: give --management-key or set GUERDON_MANAGEMENT_KEY.") from None


async def run(
    data: Dataset, url: str, management_key: str, *, limit: int | None, concurrency: int, console: Console
) -> Tally:
    """Load the shop, play its baskets up to `limit`, report; what was counted in this run."""
    manager = Client(url, f"ManagementKey-v1 {management_key}", 1)
    try:
        with console.status("Creating the shop") as status:
            shop = await load(manager, data, lambda what: status.update(f"Creating the shop: {what}"))
        client = Client(url, f"ApiKey-v1 {shop.key}", concurrency)
        try:
            console.print(f"Shop: Application {shop.application_id}, {'created' if shop.made else 'found'}.")
            end = min(len(data.baskets), limit or len(data.baskets))
            begun = await lots_begun(client, data, end)
            if not begun:
                with console.status("Writing the households"):
                    await load_households(client, data.households)
            player = Player(client, data, place_redemptions(data), concurrency)
            try:
                seconds = await _play(player, max(begun - 1, 0) * LOT, end, console)
            except asyncio.CancelledError:
                console.print(f"{player.tally.played:,} sessions were played.")
                raise
        finally:
            await client.close()
            await give_back_key(manager, shop)
        report.summary(console, player.tally, seconds, end, len(data.baskets))
        report.totals(console, await manager.everything(f"/v1/applications/{shop.application_id}/campaigns"))
        return player.tally
    finally:
        await manager.close()


async def _play(player: Player, start: int, end: int, console: Console) -> float:
    """Play from `start`, where earlier runs stopped, up to `end`; the seconds it took."""
    data = player.data
    columns = (
        TextColumn("[bold]{task.fields[day]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        TimeRemainingColumn(),
    )
    player.tally.already = start
    began = time.monotonic()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=end, completed=start, day="", pace="")

        def progress(basket: Basket) -> None:
            day = basket.at.astimezone(data.zone).strftime("%d %b %Y")
            pace = f"{player.tally.played / (time.monotonic() - began):,.0f}/s"
            discount = f"{report.money(player.tally.discount)} off"
            bar.update(task, advance=1, day=day, pace=f"{pace}, {discount}")

        await player.play(start, end, progress)
    return time.monotonic() - began
