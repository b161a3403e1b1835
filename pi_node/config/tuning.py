"""How a camera is to see: exposure, gain, white balance and focus, as far as it lets itself be told."""

from dataclasses import dataclass

from glassline.contract.tunable import AUTO


@dataclass(frozen=True)
class Tuning:
    """Zero and None leave it to the camera."""

    exposure_us: int = 0
    gain: float = 0.0
    white_balance: str = AUTO
    """One of WHITE_BALANCES, or the gains of red and blue, like "1.9,1.4"."""
    focus_dioptres: float | None = None
    """1 over the distance in metres: 0 is far away, 10 is 10 cm."""


AS_IT_COMES = Tuning()
