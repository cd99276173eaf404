"""Sentences of an explanation, for people and for programs."""

from collections.abc import Iterable, Mapping, Sequence

from servicevmclient.osc._cells import Cell
from servicevmclient.v1.explanation import Sentence


class Sentences(Cell):
    """Sentences, each with the command to type next; objects in JSON."""

    @classmethod
    def of(cls, sentences: Iterable[Sentence], prefix: str) -> "Sentences":
        """With commands as they are typed.

        :param prefix: what a command line begins with, up to the noun
        """
        return cls([_shown(one, prefix) for one in sentences])

    def text(self, value: Sequence[Mapping[str, str | None]]) -> str:
        """A line for each sentence and for each command."""
        return "\n".join(
            line
            for one in value
            for line in (one["text"], one["command"])
            if line
        )


def _shown(sentence: Sentence, prefix: str) -> Mapping[str, str | None]:
    command = sentence.command
    return {
        "text": sentence.text,
        "command": f"{prefix} {command}" if command else None,
    }
