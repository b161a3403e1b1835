"""What diagnosis knows of one reason code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from glassline.contract import Reason

from ..hops import Hop
from ..words import Facts, fields_of, render


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One cause. Templates name facts in braces (`words.PLACEHOLDERS` lists them); line breaks in them do not count."""

    sentence: str
    """What is wrong, for somebody who has never seen the code."""
    remedy: str
    """What to do: the exact setting or command, never a guessed address."""
    state: Literal["failed", "degraded"] = "failed"
    cuts: bool = False
    """Whether the hops behind this one cannot be seen while it lasts."""
    follows: tuple[Reason, ...] = ()
    """Other causes that bring this one about: while one of them is there, this one is not to blame."""
    awaits: tuple[Hop, ...] = ()
    """Hops that must have been seen: while one of them is still unknown, it may as well be to blame."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Sentences put before the remedy when the fact of that name is true."""

    def render(self, facts: Facts) -> tuple[str, str]:
        """Sentence and remedy with the facts put in."""
        notes = [text for fact, text in self.notes.items() if facts.get(fact)]
        return render(self.sentence, facts), " ".join(render(text, facts) for text in (*notes, self.remedy))

    @property
    def facts(self) -> set[str]:
        """The facts that sentence, remedy and notes use."""
        return set().union(*map(fields_of, (self.sentence, self.remedy, *self.notes.values())))
