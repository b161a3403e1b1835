"""What guards, in the words of the table; and who counts what is refused."""

CHECK_JPEG = "`frames.check_jpeg`, before anything is decoded"
DECODE = "`messages.decode`: pydantic models, and the link that counts what they refuse"
LINK = "the link: sizes by kind of topic, before anybody looks inside"
WIRE = "`broker/wire.py`: sizes and forms before a packet is taken in"
REQUESTS = "`web/requests.py`: every value checked, every problem said"
TEXT = "`common/dom.js`: text goes in as text only; and the Content-Security-Policy"
LETTER = "the dead letters: bounded per device and altogether"


def in_frames(why: str) -> list[tuple[str, str]]:
    return [("web", f"refused_frame_{why}")]


def by_both(kind: str, why: str) -> list[tuple[str, str]]:
    return [("web", f"refused_{kind}_{why}"), ("bridge", f"refused_{kind}_{why}")]
