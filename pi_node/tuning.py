"""How a camera is to see: exposure, gain, white balance and focus, as far as it lets itself be told."""

from dataclasses import dataclass

AUTO = "auto"
WHITE_BALANCES = ("incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy")
MAX_DIOPTRES = 32.0


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


def parse_white_balance(text: str) -> str:
    """`text` itself; ValueError if it is neither auto, nor one of WHITE_BALANCES, nor two gains."""
    if text == AUTO or text in WHITE_BALANCES or colour_gains(text) is not None:
        return text
    raise ValueError(f"expected auto, {', '.join(WHITE_BALANCES)}, or gains of red and blue like 1.9,1.4")


def colour_gains(text: str) -> tuple[float, float] | None:
    """The gains of red and blue, if `text` is two of them, each 0.1 to 32."""
    try:
        red, blue = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (red, blue) if 0.1 <= red <= 32 and 0.1 <= blue <= 32 else None


def parse_focus(text: str) -> str:
    """`text` itself; ValueError if it is neither auto nor dioptres."""
    if text == AUTO:
        return text
    try:
        dioptres = float(text)
    except ValueError:
        dioptres = -1.0
    if not 0 <= dioptres <= MAX_DIOPTRES:
        raise ValueError(f"expected auto, or 1 over the distance in metres, 0 to {MAX_DIOPTRES:g}, like 5 for 20 cm")
    return text
