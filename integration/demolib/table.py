# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures at the end."""
import re

from lablib.probe import Score, Verdict
from lablib.views import Misfit

from demolib.narrator import Narrator


def _row(*cells: object) -> str:
    widths = (7, 8, 9, 32)
    return "  " + "".join(f"{str(cell):{width}}" for cell, width in zip(cells, widths)).rstrip()


def generations(narrator: Narrator) -> list[str]:
    """One line a key that was made, by generation."""
    winners = {re.search(r"key tag (\d+)", event["text"]).group(1)  # type: ignore[union-attr]
               for event in narrator.events("winner")}
    lines = [_row("KEY", "TAG", "MADE BY", "BECAME")]
    made = []
    for event in narrator.events("candidate made"):
        match = re.match(r"(\w+ \d+), key tag (\d+), created (\S+)", event["text"])
        assert match is not None
        made.append((*match.groups(), event["who"]))
    for generation, tag, _, who in sorted(made, key=lambda one: one[2]):
        lines.append(_row(generation, tag, who, "winner, used" if tag in winners else "loser, pruned"))
    return lines


def figures(narrator: Narrator, score: Score, misfits: list[Misfit]) -> list[str]:
    holds = {event["text"].split(", until ")[0] for event in narrator.events("step held", "(member)")}
    made, winners = narrator.events("candidate made"), {event["text"] for event in narrator.events("winner")}
    return [f"  {'keys made':34}{len(made)}",
            f"  {'generations won':34}{len(winners)}",
            f"  {'duplicates, all pruned':34}{len(made) - len(winners)}",
            f"  {'steps held for a member':34}{len(holds)}",
            f"  {'answers validated':34}{score.count(Verdict.VALIDATED)}",
            f"  {'answers before the DS (insecure)':34}{score.count(Verdict.INSECURE)}",
            f"  {'no answer (killed servers)':34}{score.count(Verdict.UNREACHABLE)}",
            f"  {'bogus answers':34}{score.count(Verdict.BOGUS)}",
            f"  {'pairs served that would not fit':34}{len(misfits)}"]


def details(score: Score, misfits: list[Misfit]) -> list[str]:
    """What was bogus, if anything."""
    lines = [f"  bogus: {a.question.name} {a.question.rdtype} at {a.resolver}: {a.detail}" for a in score.bogus[:5]]
    return lines + [f"  does not fit: {m.zone} {m.what}" for m in misfits[:5]]
