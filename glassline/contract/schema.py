"""The contract's JSON Schema, made from the models: `python -m glassline.contract.schema`."""

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from . import messages
from .topics import ROOT, SPECS

PUBLISHED: tuple[type[messages.Message], ...] = (
    messages.Info, messages.Health, messages.FrameMeta, messages.Detection, messages.EvidenceMeta, messages.Receipt,
    messages.Review, messages.Alert, messages.Probe, messages.Command, messages.Reply, messages.Lease,
)  # fmt: skip


def json_schema() -> dict[str, Any]:
    """One JSON Schema document with every message under `$defs`, and the table of topics beside it."""
    _, schema = models_json_schema([(model, "validation") for model in PUBLISHED], title=f"Glassline {ROOT}")
    topics = {
        f"{ROOT}/<id>/{spec.kind}" + ("/<name>" if spec.has_rest else ""): {
            "payload": spec.payload, "qos": spec.qos, "retain": spec.retain, "max_bytes": spec.max_bytes,
        }
        for spec in SPECS.values()
    }  # fmt: skip
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "x-topics": topics}


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2))
