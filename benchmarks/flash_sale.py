"""A flash sale: 64 clients close sessions that all redeem one coupon, which has a usage limit.

The server (`guerdon serve`, one worker) and the floor take turns on one PostgreSQL with durable commits. The floor is
the least that a redemption must do: a transaction that updates one hot row and inserts one row, by a bare asyncpg
client, 64 at once. The goal is half of its throughput; and exactly as many sessions as the limit allows redeem.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import asyncpg

import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import floor
from benchmarks.loadgen import figures
from benchmarks.session_update import processes, ratio, verdict
from benchmarks.shop import Shop, start_server
