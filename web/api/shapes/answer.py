"""What every answer has, and what a refusal is."""

from typing import Any

from pydantic import BaseModel, ConfigDict, PlainSerializer

from glassline.contract import Box
from glassline.contract.messages import Health, Info
from glassline.contract.values import Number


class Answer(BaseModel):
    """Base of all answers: every key is there, also one without a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), use_attribute_docstrings=True)

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return self.model_dump(mode="json", by_alias=True)


def _as_on_the_wire(said: Box | Info | Health | None) -> dict[str, Any] | None:
    """What comes from the contract keeps its form: keys without a value are left out."""
    return None if said is None else said.to_dict()


OnTheWire = PlainSerializer(_as_on_the_wire)


class ErrorDetail(Answer):
    """`code` is for programs and stays, `message` says what happened, `hint` what to do."""

    code: str
    message: str
    hint: str


class ErrorAnswer(BaseModel):
    """A request that could not be served; some errors carry more."""

    error: ErrorDetail
    retry_after_s: Number | None = None
