"""Who speaks whom: roles that were given, and voices for those who have none."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle

from shared.plans.directory import Directory
from shared.plans.plan import Line, Part
from shared.requests.role import Role, same

_UNLIKE = (
    "ryan",
    "serena",
    "aiden",
    "vivian",
    "dylan",
    "sohee",
    "uncle_fu",
    "ono_anna",
    "eric",
)
"""The preset speakers, unlike voices one after the other."""
_AT_HOME = {
    "chinese": ("serena", "dylan", "vivian", "uncle_fu", "eric"),
    "japanese": ("ono_anna",),
    "korean": ("sohee",),
}
"""Those who speak a language without an accent, and go first in it. English has two men alone, who
are too much alike to go first: there they take turns with the others."""
FEW_VOICES = (
    "There are more characters without a role than preset speakers, so some share a voice: give "
    "them roles."
)


class Casting:
    """The roles of one document, handed out in the order in which they are first asked for."""

    def __init__(
        self,
        given: Mapping[str, Role],
        directory: Directory,
        language: str,
        others: Iterable[Role] = (),
    ) -> None:
        """`given` are the roles of the request, whose voices are ids; `others` speak besides, such
        as a narrator, and nobody else gets their voices as long as there are any left. `language`
        is that of the document."""
        self._given = {same(name): role for name, role in given.items()}
        self._directory = directory
        self._cast: dict[str, tuple[Role, bool]] = {}
        self._names: dict[str, str] = {}
        used = {role.voice for role in (*given.values(), *others)}
        order = dict.fromkeys((*_AT_HOME.get(language, ()), *_UNLIKE))
        free = [voice for voice in order if voice not in used]
        self._voices = cycle([*free, *order])
        self._free = len(free)
        self.warnings: list[str] = []

    def role(self, name: str, voice: str | None = None) -> Role:
        """The role of a character; `voice` is what the document itself says, by id or name.

        Raises UnknownVoice for such a voice where the library has none of that name.
        """
        key = same(name)
        if key not in self._cast:
            self._cast[key] = self._new(key, voice)
            self._names[key] = name
        role, _ = self._cast[key]
        if voice and not self._is_given(key):
            return role.model_copy(update={"voice": self._directory.find(voice).id})
        return role

    def parts(self, lines: Iterable[Line]) -> list[Part]:
        """The cast with what each has to say, in the order in which they were asked for."""
        said: dict[str, list[Line]] = {key: [] for key in self._cast}
        for line in lines:
            if (key := same(line.speaker)) in said:
                said[key].append(line)
        return [self._part(key, own) for key, own in said.items() if own]

    def _is_given(self, key: str) -> bool:
        """Whether the request says who speaks, which counts before the document."""
        return key in self._given and self._given[key].chosen

    def _new(self, key: str, voice: str | None) -> tuple[Role, bool]:
        role = self._given.get(key, Role())
        if role.chosen:
            return role, False
        if voice:
            return role.model_copy(update={"voice": self._directory.find(voice).id}), False
        self._free -= 1
        if self._free == -1:
            self.warnings.append(FEW_VOICES)
        return role.model_copy(update={"voice": next(self._voices)}), True

    def _part(self, key: str, lines: list[Line]) -> Part:
        role, automatic = self._cast[key]
        return Part(
            name=self._names[key],
            role=role,
            automatic=automatic,
            lines=len(lines),
            seconds=sum(line.seconds for line in lines),
            sample=sample_of(lines),
        )


def sample_of(lines: Sequence[Line]) -> str:
    """The longest of somebody's first lines, which tells most."""
    return max((line.text for line in lines[:20]), key=len)[:200]
