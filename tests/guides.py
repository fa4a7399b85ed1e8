"""Guides in docs/howto as tests: their blocks, their curl commands sent, their answers compared."""

import json
import re
import shlex
from pathlib import Path

import httpx

from conftest import INTEGRATION_KEY, MANAGEMENT_KEY

HOWTO = Path(__file__).parent.parent / "docs" / "howto"
KEYS = {"$INTEGRATION": f"Authorization: ApiKey-v1 {INTEGRATION_KEY}", "$MANAGEMENT": f"Authorization: ManagementKey-v1 {MANAGEMENT_KEY}"}  # fmt: skip


def blocks(guide):
    """The blocks of code of a guide: (language, file name, text)."""
    return re.findall(r"^```([a-z]+)(?: (\S+))?\n(.*?)^```$", (HOWTO / guide).read_text(), re.M | re.S)


def links(guide):
    """The files of the project that a guide points to."""
    return sorted(set(re.findall(r"\]\((\.\.[^)#]*)\)", (HOWTO / guide).read_text())))


def sent(command, url, campaign):
    """The answer to a curl command of the guide."""
    command = command.replace("\\\n", " ")
    for name, header in KEYS.items():
        command = command.replace(f'"{name}"', shlex.quote(header))
    words = iter(
        shlex.split(re.sub(r"/7\b", f"/{campaign}", command.replace("http://127.0.0.1:8080", url)), comments=True)
    )
    method, headers, body, where = "", {}, None, ""
    assert [next(words), next(words)] == ["curl", "-s"]
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            where = word
    return httpx.request(method or ("POST" if body else "GET"), where, headers=headers, content=body)


def part_of(shown, whole):
    """Whether everything that is shown is there: members may be left out of objects, not out of lists."""
    if isinstance(shown, dict):
        return isinstance(whole, dict) and all(name in whole and part_of(shown[name], whole[name]) for name in shown)
    if isinstance(shown, list):
        return len(shown) == len(whole) and all(part_of(*pair) for pair in zip(shown, whole, strict=True))
    return shown == whole


# What answers give once, and how guides write it in later commands.
SECRETS = {"inviteToken": "INVITE_TOKEN", "token": "LOGIN_TOKEN", "key": "NEW_KEY"}


def converse(guide, url):
    """Send every curl command of a guide and compare the answers that it shows; how many those were."""
    campaign, answer, compared, secrets = None, None, 0, {}
    for kind, file, text in blocks(guide):
        if kind == "sh":
            for written, secret in secrets.items():
                text = text.replace(written, secret)
            answer = sent(text, url, campaign)
            given = answer.json() if answer.content else {}
            secrets |= {SECRETS[name]: given[name] for name in SECRETS if given.get(name)}
            campaign = campaign or given["id"]
            assert answer.status_code < 300 or "Oops" in text, answer.text
        elif kind == "json" and not file:
            assert part_of(json.loads(text), answer.json()), answer.text
            assert (answer.status_code >= 400) == ("errors" in answer.json())
            compared += 1
    return compared
