"""How the story looks in a terminal: the till's receipt on one side, the engine's effects on the other.

In a terminal figures roll to their new values and each scene waits to be read; elsewhere it is printed at once.
"""

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from guerdon.demo.receipt import Receipt
from guerdon.demo.story import Scene
from guerdon.wire.base import encode_text

FRAMES = 24
FRAME_SECONDS = 1 / 40
READING_SECONDS = 1.8
RECEIPT_WIDTH = 52
CENT = Decimal("0.01")
NOTHING = (Decimal(0), Decimal(0), Decimal(0))

COLOURS = {"accept": "green", "reject": "red", "rollback": "yellow", "set": "cyan", "add": "magenta"}


class Stage:
    """Shows one scene after the other; `moving` is off where nobody watches."""

    def __init__(self, console: Console, *, moving: bool) -> None:
        self.console = console
        self.moving = moving
        self.scenes = 0
        self.milliseconds = 0.0
        self._shown: dict[str, tuple[Decimal, Decimal, Decimal]] = {}

    def show(self, scene: Scene) -> None:
        """One scene."""
        self.scenes += 1
        self.milliseconds += scene.milliseconds
        if scene.title:
            self.console.print()
            self.console.rule(f"[bold]{scene.title}", align="left", style="dim")
        self.console.print(scene.words)
        self.console.print(_request(scene))
        figures = (scene.receipt.total, scene.receipt.saved, scene.receipt.to_pay)
        before = self._shown.get(scene.session, NOTHING)
        self._shown[scene.session] = figures
        if not self.moving:
            self.console.print(_picture(scene, figures, len(scene.effects)))
            return
        with Live(_picture(scene, before, 0), console=self.console, auto_refresh=False) as live:
            for frame in range(1, FRAMES + 1):
                rolled = _between(before, figures, Decimal(frame) / FRAMES)
                seen = len(scene.effects) * frame // FRAMES
                live.update(_picture(scene, rolled, seen), refresh=True)
                time.sleep(FRAME_SECONDS)
        time.sleep(READING_SECONDS)


def _between(old: tuple[Decimal, ...], new: tuple[Decimal, ...], share: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    eased = 1 - (1 - share) ** 3
    total, saved, to_pay = (
        (a + (b - a) * eased).quantize(CENT) if share < 1 else b for a, b in zip(old, new, strict=True)
    )
    return total, saved, to_pay


def _request(scene: Scene) -> Group:
    sent = {name: value for name, value in scene.sent.items() if name != "cartItems"}
    if "cartItems" in scene.sent:
        sent["cartItems"] = [f"{item['quantity']} x {item['sku']}" for item in scene.sent["cartItems"]]
    line = Text(f"PUT /v2/customer_sessions/{scene.session}", style="dim")
    line.append(f"  200 in {scene.milliseconds:.1f} ms", style="green")
    return Group(line, Text(encode_text(sent), style="dim", no_wrap=True, overflow="ellipsis"))


def _picture(scene: Scene, figures: tuple[Decimal, Decimal, Decimal], seen: int) -> RenderableType:
    state = scene.sent.get("state", "open")
    till = Panel(_receipt(scene.receipt, figures, state), title=f"Receipt, {state}", width=RECEIPT_WIDTH)
    lines = [_effect(effect) for effect in scene.effects[:seen]] or [Text("no effects", style="dim")]
    lines += [Text()] * (len(scene.effects) - max(seen, 1))
    return Columns([till, Panel(Group(*lines), title="What the engine answered", border_style="dim")])


def _receipt(receipt: Receipt, figures: tuple[Decimal, Decimal, Decimal], state: str) -> RenderableType:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=1)
    table.add_column(justify="right")
    for line in receipt.lines:
        count = f"{line.quantity} x " if line.quantity > 1 else ""
        table.add_row(f"{count}{line.name}", money(line.price * line.quantity))
        if line.discount:
            table.add_row("[cyan]  off", f"[cyan]-{money(line.discount)}")
    for gift in receipt.gifts:
        table.add_row(f"[magenta]{gift}", "[magenta]free")
    for name, amount in receipt.discounts:
        table.add_row(f"[cyan]{name}", f"[cyan]-{money(amount)}")
    for code, refused in receipt.codes:
        table.add_row(f"[red]{code}: {refused}" if refused else f"[green]{code} accepted", "")
    if state == "cancelled":
        return Group(table, Text("Everything on this receipt is undone.", style="yellow"))
    total, saved, to_pay = figures
    table.add_row()
    table.add_row("[dim]before discounts", f"[dim]{money(total)}")
    table.add_row("[dim]saved", f"[dim]{money(saved)}")
    table.add_row("[bold]to pay", f"[bold]{money(to_pay)}")
    return Group(table, *(Text(word, style="italic") for word in receipt.words))


def _effect(effect: Mapping[str, Any]) -> Text:
    kind = effect["effectType"]
    colour = next((colour for start, colour in COLOURS.items() if kind.startswith(start)), "white")
    return Text(kind, style=colour).append("  ").append(_gist(effect["props"]), style="dim")


def _gist(props: Mapping[str, Any]) -> str:
    words = [str(props[name]) for name in ("name", "value", "title", "rejectionReason") if name in props]
    return ", ".join(words)


def money(amount: Decimal) -> str:
    """With at least two decimals, and more only where the exact amount has more.

    >>> money(Decimal("14")), money(Decimal("9.9990"))
    ('14.00', '9.999')
    """
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
