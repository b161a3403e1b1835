"""The one error of the contract."""

from typing import Literal

Why = Literal[
    "topic", "too_large", "not_json", "too_deep", "not_finite", "wrong_value", "wrong_id", "not_jpeg", "bad_segment",
    "no_size", "not_baseline", "too_many_pixels", "truncated", "no_metadata", "too_many", "too_often", "other_version",
]  # fmt: skip
"""The kinds of fault, few and fixed: what is refused is counted under their names."""


class ContractError(ValueError):
    """Something that came over the wire is not what contract v1 says; the text says expected and got."""

    def __init__(self, sentence: str, *, why: Why = "wrong_value") -> None:
        super().__init__(sentence)
        self.why = why
