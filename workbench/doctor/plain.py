"""Text for a terminal that may come from the wire: on one line, never markup, never what a terminal obeys."""

from rich.text import Text

from glassline.program import one_line


def plain(text: str, style: str = "") -> Text:
    """`text` with line ends and control characters escaped.

    >>> str(plain("[red]\\x1b[2J"))
    '[red]\\\\x1b[2J'
    """
    return Text(one_line(text), style=style)
