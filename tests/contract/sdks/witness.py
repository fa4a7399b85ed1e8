"""One call of the vendor's older SDK for Python for each line of JSON; what its models made of the answer, as a line.

Its models check what they are given: required members, allowed values, lengths.
"""

import json
import sys
import traceback

import talon_one
from talon_one.rest import ApiException


def call(url, header, api, method, args):
    client = talon_one.ApiClient(talon_one.Configuration(host=url))
    client.set_default_header("Authorization", header)

    def model(name, value):
        return client._ApiClient__deserialize(value, name)

    def shown(value):
        return {"type": type(value).__name__, "value": client.sanitize_for_serialization(value), "problems": []}

    options = args.pop() if args and isinstance(args[-1], dict) and "model" not in args[-1] else {}
    given = [model(one["model"], one["value"]) if isinstance(one, dict) else one for one in args]
    try:
        return shown(getattr(getattr(talon_one, api)(client), method)(*given, **options))
    except ApiException as error:
        return {"status": error.status} | shown(model("ErrorResponseWithStatus", json.loads(error.body)))


for line in sys.stdin:
    try:
        answer = call(**json.loads(line))
    except Exception:
        answer = {"failure": traceback.format_exc()}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
