"""What one person sees of the outputs, and what he has picked, compared and taken away."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from shared.stores.listing import Output, Page
from ui.finding import Wanted

_PAIR = 2


@dataclass(frozen=True)
class Gone:
    """An output that left the list, as it was before, and where it stood."""

    output: Output
    page: int
    place: int
    thrown: bool
    """True if it lies in the trash; otherwise its marks are no longer such as are wanted."""


@dataclass
class View:
    """One person's list; all events of his page change this one, so that none is lost."""

    wanted: Wanted = field(default_factory=Wanted)
    """What was asked for last; the answer to anything else comes too late."""
    pages: list[list[Output]] = field(default_factory=list[list[Output]])
    total: int = 0
    seconds: float = 0.0
    cursor: str | None = None
    picked: list[str] = field(default_factory=list[str])
    compared: list[Output] = field(default_factory=list[Output])
    gone: list[Gone] = field(default_factory=list[Gone])
    """What Undo brings back."""
    marking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while marks are changed: tags are sent as a whole, so two at a time would lose some."""

    def begin(self, found: Page) -> None:
        """Show the first page of something else."""
        self.pages, self.picked, self.gone = [], [], []
        self.grow(found)

    def grow(self, found: Page) -> None:
        """Show one page more."""
        self.pages.append([_lean(each) for each in found.items])
        self.total, self.seconds = found.total, found.duration_seconds
        self.cursor = found.next_cursor

    @property
    def shown(self) -> int:
        """How many outputs there are to see."""
        return sum(map(len, self.pages))

    def find(self, run: str) -> tuple[int, int] | None:
        """On which page an output stands, and where on it."""
        for page, outputs in enumerate(self.pages):
            for place, output in enumerate(outputs):
                if output.id == run:
                    return page, place
        return None

    def pages_of(self, runs: Iterable[str]) -> set[int]:
        """The pages on which they stand."""
        return {found[0] for run in runs if (found := self.find(run))}

    def named(self, runs: Collection[str]) -> list[Output]:
        """Those of the outputs that are shown, in the list or side by side."""
        listed = [each for page in self.pages for each in page]
        known = {each.id: each for each in (*self.compared, *listed)}
        return [known[run] for run in runs if run in known]

    def take(self, output: Output) -> None:
        """Put the output in the place of what was known of it."""
        if found := self.find(output.id):
            self.pages[found[0]][found[1]] = _lean(output)
        self.compared = [output if output.id == each.id else each for each in self.compared]

    def pick(self, run: str) -> None:
        """Select an output, or no longer."""
        kept = [each for each in self.picked if each != run]
        self.picked = kept if len(kept) < len(self.picked) else [*self.picked, run]

    def compare(self, output: Output) -> None:
        """Put an output beside the one that was chosen last."""
        others = [each for each in self.compared if each.id != output.id]
        self.compared = [*others[1 - _PAIR :], output]

    def part(self, run: str) -> None:
        """Take an output out of the comparison."""
        self.compared = [each for each in self.compared if each.id != run]

    def drop(self, run: str, *, thrown: bool) -> Gone | None:
        """Take an output out of the list; None if it is not there."""
        self.picked = [each for each in self.picked if each != run]
        if thrown:
            self.part(run)
        found = self.find(run)
        if found is None:
            return None
        output = self.pages[found[0]].pop(found[1])
        self.total -= 1
        self.seconds -= output.duration_seconds
        return Gone(output, *found, thrown)

    def put_back(self, gone: Gone) -> None:
        """Let an output stand where it stood; another list has no place for it."""
        if gone.page >= len(self.pages) or self.find(gone.output.id):
            return
        self.pages[gone.page].insert(gone.place, gone.output)
        self.total += 1
        self.seconds += gone.output.duration_seconds


def _lean(output: Output) -> Output:
    """Without its request, which may be a whole book, and which no row shows."""
    return output.model_copy(update={"request": {}})
