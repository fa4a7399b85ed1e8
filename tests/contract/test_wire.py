"""Our structs against the vendor's SDK models, the witness of the contract inside the project.

A model's fields, by their names on the wire, must all be members of the struct of the same name, and what the model
requires must be required by it or always sent.
"""

import importlib
import inspect
import pkgutil

import msgspec
import pytest
import talon_one.models as models

import guerdon.wire as wire


def structs() -> dict[str, type]:
    found = {}
    for module in pkgutil.iter_modules(wire.__path__):
        for name, value in vars(importlib.import_module(f"guerdon.wire.{module.name}")).items():
            if inspect.isclass(value) and issubclass(value, msgspec.Struct) and hasattr(models, name):
                found[name] = value
    return found


STRUCTS = structs()


def test_the_sdk_knows_most_of_our_structs():
    assert len(STRUCTS) > 60


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_fields_are_those_of_the_sdk(name: str):
    fields = {field.encode_name for field in msgspec.structs.fields(STRUCTS[name])}
    model = {info.alias or key for key, info in getattr(models, name).model_fields.items()}
    assert model - fields == set()


@pytest.mark.parametrize("name", sorted(name for name in STRUCTS if not name.startswith(("New", "Update", "Create"))))
def test_what_the_sdk_requires_is_always_sent(name: str):
    optional = {field.encode_name for field in msgspec.structs.fields(STRUCTS[name]) if field.default is msgspec.UNSET}
    required = {info.alias or key for key, info in getattr(models, name).model_fields.items() if info.is_required()}
    assert required & optional == set()
