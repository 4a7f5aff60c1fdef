"""What a pickle would make of its reader, told from its opcodes before anybody reads it.

torch's `weights_only` keeps a pickle from calling what it likes, and not from taking for ever: a
tuple of twice the same tuple, forty times over, is a few bytes, and has no end once it is hashed,
compared or printed. Nothing else runs meanwhile, as nothing of that gives the interpreter up.
"""

import pickletools
import re
from itertools import chain
from typing import Any

MOST = 20_000
"""Opcodes; a voice takes about seventy."""
DEEPEST = 16
"""Containers within each other; a list of voices has six."""

_TEXT, _VALUE, _CONTAINER = -1, 0, 1
"""How high what lies on the stack is built: from 1 on it holds other things."""
_PUSHED = {
    "BINUNICODE": _TEXT,
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"), _VALUE),
    **dict.fromkeys(("NONE", "NEWTRUE", "NEWFALSE", "GLOBAL"), _VALUE),
    **dict.fromkeys(("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"), _CONTAINER),
}
_MADE: dict[str, int | None] = {
    "TUPLE": None,
    "TUPLE1": 1,
    "TUPLE2": 2,
    "TUPLE3": 3,
    "REDUCE": 2,
    "BINPERSID": 1,
}
"""Opcodes that make one thing of so many, or of all above the last mark."""
_FILLED: dict[str, int | None] = {"APPEND": 1, "APPENDS": None, "SETITEM": 2, "SETITEMS": None}
"""Those that put so many things into what lies below them."""
_NAMED = ("BINPUT", "LONG_BINPUT")
_RECALLED = ("BINGET", "LONG_BINGET")
_GLOBAL = re.compile(
    r"torch\._utils _rebuild_tensor_v[23]|collections OrderedDict|"
    r"torch (\w+Storage|b?float\d+|u?int\d+)"
)
"""What a tensor is made with; torch allows more, `bytearray` of any length for one."""


class _Reader:
    """A pickle machine that knows of each thing only how high it is built."""

    def __init__(self) -> None:
        self._stack: list[int] = []
        self._marks: list[int] = []
        self._named: dict[int, int] = {}

    def take(self, name: str, argument: Any) -> None:
        """One opcode. Raises ValueError for what no table of tensors and text needs."""
        if name in _PUSHED:
            _require(name != "GLOBAL" or bool(_GLOBAL.fullmatch(argument)), f"a {argument}")
            self._stack.append(_PUSHED[name])
        elif name == "MARK":
            self._marks.append(len(self._stack))
        elif name in _MADE:
            self._stack.append(_around(self._popped(_MADE[name])))
        elif name in _FILLED:
            self._fill(name, self._popped(_FILLED[name]))
        elif name in _NAMED:
            self._named[argument] = self._stack[-1]
        elif name in _RECALLED:
            _require(self._named[argument] < _CONTAINER, "one thing in two places")
            self._stack.append(self._named[argument])
        else:
            _require(name in ("PROTO", "STOP"), f"the opcode {name}")

    def _popped(self, count: int | None) -> list[int]:
        """So many from the top of the stack, or all above the last mark."""
        start = self._marks.pop() if count is None else len(self._stack) - count
        _require(start >= (self._marks[-1] if self._marks else 0), "an empty stack")
        popped = self._stack[start:]
        del self._stack[start:]
        return popped

    def _fill(self, name: str, held: list[int]) -> None:
        _require(self._stack[-1] >= _CONTAINER, "nothing that could hold it")
        if name in ("SETITEM", "SETITEMS"):
            _require(all(key == _TEXT for key in held[::2]), "a key that is no text")
        self._stack[-1] = max(self._stack[-1], _around(held))


def require_plain(pickle: bytes) -> None:
    """Raises ValueError for all but a small tree of tables with text for keys, lists, tuples,
    plain values, and what is made of those: what is in two places is text or a name."""
    reader = _Reader()
    for count, (opcode, argument, _) in enumerate(pickletools.genops(pickle)):
        _require(count < MOST, f"more than {MOST} opcodes")
        try:
            reader.take(opcode.name, argument)
        except LookupError as error:
            raise ValueError("This is no pickle.") from error


def _around(held: list[int]) -> int:
    """How high something is built that holds these."""
    height = 1 + max(chain(held, (0,)))
    _require(height <= DEEPEST, f"more than {DEEPEST} containers within each other")
    return height


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"The pickle has {what}.")
