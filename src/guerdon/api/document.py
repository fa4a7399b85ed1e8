"""The served OpenAPI document: Litestar's, with the effect properties spelled out one kind at a time."""

import re
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar

from guerdon.api.idempotency import HEADER, LONGEST_KEY, OPERATIONS
from guerdon.engine.effects import EFFECT_TYPES
from guerdon.wire.base import camel

IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The answer is kept for 24 hours, and given again to the same request under the same key.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}


def openapi_document(app: Litestar) -> dict[str, Any]:
    """OpenAPI 3.1 of everything the application serves."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    document["paths"] = {_camel_parameters(path): _renamed(item) for path, item in document["paths"].items()}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if (method.upper(), re.sub(r"\{\w+\}", "{}", path)) in OPERATIONS:
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    schemas = document["components"]["schemas"]
    if "Effect" in schemas:
        schemas.update(_effect_schemas())
        choices = [{"$ref": f"#/components/schemas/{kind.__name__}EffectProps"} for kind in EFFECT_TYPES]
        schemas["Effect"]["properties"]["props"] = {"oneOf": choices}
    return document


def _camel_parameters(path: str) -> str:
    """Path parameters as the contract names them: `{applicationId}`, not `{application_id}`."""
    return re.sub(r"\{(\w+)\}", lambda found: "{" + camel(found[1]) + "}", path)


def _renamed(item: dict[str, Any]) -> dict[str, Any]:
    for operation in item.values():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["name"] = camel(parameter["name"])
    return item


@cache
def _effect_schemas() -> dict[str, Any]:
    """The properties of each kind of effect, named as in the contract, e.g. `SetDiscountEffectProps`."""
    _, found = msgspec.json.schema_components(EFFECT_TYPES, ref_template="#/components/schemas/{name}EffectProps")
    return {f"{name}EffectProps": _numbers(schema) for name, schema in found.items()}


def _numbers(schema: Any) -> Any:
    """The same schema with decimals shown as what they are on the wire, JSON numbers."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            return {"type": "number"}
        return {key: _numbers(value) for key, value in schema.items()}
    return [_numbers(value) for value in schema] if isinstance(schema, list) else schema
