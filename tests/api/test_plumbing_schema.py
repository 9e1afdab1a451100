"""The contracts in docs/openapi are what the code does."""

from __future__ import annotations

import os

import pytest
import yaml

from backoffice.api.schema import APIS, Api, build


@pytest.mark.parametrize("api", APIS.values(), ids=list(APIS))
def test_file_and_code_agree(api: Api) -> None:
    built = build(api)
    if os.environ.get("UPDATE_SCHEMA") == "1":
        api.path.write_text(built, encoding="utf-8")
    assert api.path.read_text(encoding="utf-8") == built, (
        "run “manage.py api_schema” and review the difference"
    )


@pytest.mark.parametrize("api", APIS.values(), ids=list(APIS))
def test_contract_is_complete(api: Api) -> None:
    contract = yaml.safe_load(api.path.read_text(encoding="utf-8"))
    assert contract["openapi"].startswith("3.1")
    assert contract["paths"]
    for path, methods in contract["paths"].items():
        assert path.startswith(api.prefix)
        for method, operation in methods.items():
            assert operation["security"][0]["oauth2"], (path, method)
            assert "default" in operation["responses"]
            # The names clients are generated from are given by hand: a generated one is a decorator in the wrong place.
            generated = ("_list", "_create", "_retrieve", "_update", "_partial_update", "_destroy")
            assert not operation["operationId"].endswith(generated), (path, method)
            keys = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
            assert ("Idempotency-Key" in keys) == (method == "post"), (path, method)
