"""A table of lines, as it was sent."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """A row, with every cell as it is written."""

    number: int
    """As whoever wrote it counts: in CSV the header is row 1; in JSON and YAML entries from 1."""
    cells: dict[str, str]
    """By column; what a row does not have is empty."""


@dataclass(frozen=True)
class Table:
    """Columns and rows; rows without a single filled cell are not among them."""

    columns: list[str]
    """In the words of the table."""
    rows: list[Row]
    word: str = "Row"
    """What a row is called: `Row`, or `Entry` in JSON and YAML."""
    warnings: list[str] = field(default_factory=list[str])
