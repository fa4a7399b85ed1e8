"""Guides in docs/howto as tests: their blocks, their curl commands sent, their answers compared."""

import json
import re
import shlex
from pathlib import Path

import httpx

from conftest import INTEGRATION_KEY, MANAGEMENT_KEY
from waiting import until

HOWTO = Path(__file__).parent.parent / "docs" / "howto"
KEYS = {"$INTEGRATION": f"Authorization: ApiKey-v1 {INTEGRATION_KEY}", "$MANAGEMENT": f"Authorization: ManagementKey-v1 {MANAGEMENT_KEY}"}  # fmt: skip


# What answers give once, and how guides write it in later commands.
SECRETS = {"inviteToken": "INVITE_TOKEN", "token": "LOGIN_TOKEN", "key": "NEW_KEY"}


def blocks(guide):
    """The blocks of code of a guide: (language, file name, text)."""
    return re.findall(r"^```([a-z]+)(?: (\S+))?\n(.*?)^```$", (HOWTO / guide).read_text(), re.M | re.S)


def links(guide):
    """The files of the project that a guide points to."""
    return sorted(set(re.findall(r"\]\((\.\.[^)#]*)\)", (HOWTO / guide).read_text())))


def sent(command, url, known, files):
    """The answer to a curl command of the guide, in which `known` stands for some words; `files` are those it sends."""
    command = command.replace("\\\n", " ")
    for name in ("$BATCH", "$JOB", *SECRETS.values()):
        command = command.replace(name, str(known.get(name)))
    for name, header in KEYS.items():
        command = command.replace(f'"{name}"', shlex.quote(header))
    words = iter(
        shlex.split(
            re.sub(r"/7\b", f"/{known.get('campaign')}", command.replace("http://127.0.0.1:8080", url)), comments=True
        )
    )
    method, headers, body, form, where = "", {}, None, None, ""
    assert [next(words), next(words)] == ["curl", "-s"]
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        elif word == "-F":
            name, _, file = next(words).partition("=@")
            form = {name: (file, files[file])}
        else:
            where = word
    method = method or ("POST" if body or form else "GET")
    options = {"headers": headers, "content": body, "files": form, "timeout": 30}
    if method == "GET" and "_jobs/" in where:  # the guide shows how it ends
        return until(lambda: _ended(httpx.request(method, where, **options)))
    return httpx.request(method, where, **options)


def _ended(answer):
    return None if answer.status_code == 200 and answer.json()["status"] == "pending" else answer


def _learn(answer, known):
    """What later commands of the guide refer to."""
    body = answer.json() if answer.content else {}
    if "id" in body:
        known.setdefault("campaign", body["id"])
    if answer.status_code == 202:
        known["$JOB"] = body["id"]
    known["$BATCH"] = body.get("batchId", known.get("$BATCH"))
    known.update({SECRETS[name]: body[name] for name in SECRETS if body.get(name)})


def part_of(shown, whole):
    """Whether everything that is shown is there: members may be left out of objects, not out of lists."""
    if isinstance(shown, dict):
        return isinstance(whole, dict) and all(name in whole and part_of(shown[name], whole[name]) for name in shown)
    if isinstance(shown, list):
        return len(shown) == len(whole) and all(part_of(*pair) for pair in zip(shown, whole, strict=True))
    return shown == whole


def converse(guide, url):
    """Send every curl command of a guide and compare the answers that it shows; how many those were."""
    known, answer, compared = {}, None, 0
    files = {file: text for _, file, text in blocks(guide) if file}
    for kind, file, text in blocks(guide):
        if kind == "sh":
            answer = sent(text, url, known, files)
            _learn(answer, known)
            assert answer.status_code < 300 or "Oops" in text, answer.text
        elif kind == "json" and not file:
            assert part_of(json.loads(text), answer.json()), answer.text
            assert (answer.status_code >= 400) == ("StatusCode" in answer.json())
            compared += 1
    return compared
