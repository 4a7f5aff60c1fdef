"""What titles tell: where a chapter begins, and what is no chapter but imprint or contents."""

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 200
"""Characters of a title; a longer heading is a paragraph that somebody set in bold."""
_LONGEST_LINE = 100
"""Characters of a line of plain text that may be a title."""

_WORDS = (
    "chapter|part|book|kapitel|teil|chapitre|partie|capítulo|capitulo|parte|capitolo|libro|livro"
    "|глава|часть|книга"
)
_ALONE = (
    "prologue|epilogue|introduction|preface|foreword|interlude|afterword|prolog|epilog|einleitung"
    "|vorwort|nachwort|épilogue|préface|avant-propos|prólogo|epílogo|introducción|introdução"
    "|prefacio|prefácio|prologo|epilogo|introduzione|prefazione|пролог|эпилог|предисловие|введение"
    "|послесловие|プロローグ|エピローグ|序章|終章|楔子|尾声|尾聲|序|프롤로그|에필로그|서문|서장"
)
_NUMBER = r"(?:\d{1,4}|[ivxlcdm]{1,8})"
_MARK = r"\s*(?:[.:：]|\s[-–—]|—)\s*"
_LINE = re.compile(
    rf"(?:(?:{_WORDS})\s+(?:{_NUMBER}\.?|[^\W\d_]+(?:[- ][^\W\d_]+)?)(?:{_MARK}.*)?"
    rf"|(?:{_WORDS})\s+{_NUMBER}\s+(?P<title>\S.*[^.!?,;:…\s])"
    rf"|[^\W\d_]+(?:es|er)\s+(?:kapitel|teil)(?:{_MARK}.*)?"
    rf"|(?:{_ALONE})(?:{_MARK}.*)?"
    r"|第\s*[\d０-９一二三四五六七八九十百千零〇两]{1,7}\s*[章回節节話话部卷篇](?:[\s　：:、.].*)?"
    r"|제\s*\d{1,4}\s*[장화부편](?:[\s:.].*)?|\d{1,4}\s*장(?:[\s:.].*)?)",
    re.IGNORECASE,
)
_MARKER = re.compile(r"<<\s*CHAPTER(?:_MARKER)?\s*:\s*([^<>\n]*?)\s*>>", re.IGNORECASE)

_FRONT = re.compile(
    r"(?:(?:half ?)?title ?page|cover|copyright|imprint|impressum|colophon|dedication"
    r"|(?:table of )?contents|toc|acknowledge?ments?|about the (?:author|publisher)"
    r"|also by|praise for|landmarks|list of (?:illustrations|figures|tables)|index|bibliography"
    r"|inhalt(?:sverzeichnis)?|widmung|danksagung|titelseite|umschlag"
    r"|über (?:den autor|die autorin)"
    r"|table des matières|sommaire|dédicace|remerciements|couverture|page de titre|mentions légales"
    r"|índice|dedicatoria|dedicatória|agradecimientos|agradecimentos|portada|cubierta|capa|sumário"
    r"|créditos|ficha técnica|folha de rosto|página de título|derechos de autor|contenido|conteúdo"
    r"|indice|sommario|dedica|ringraziamenti|copertina|frontespizio|colofone"
    r"|содержание|оглавление|посвящение|благодарности|обложка|титул|выходные данные|об авторе"
    r"|目录|目錄|版权(?:信息|页|声明)?|封面|献词|致谢|扉页|目次|表紙|奥付|献辞|謝辞|著作権"
    r"|차례|목차|표지|판권|저작권|헌사|감사의 말)(?:\s*[:：©(].*)?",
    re.IGNORECASE,
)
_RIGHTS = re.compile(r"©|\(c\)\s*\d{4}|copyright|all rights reserved|\bISBN\b", re.IGNORECASE)
_IMPRINT = 4_000
"""Characters of the longest imprint."""
_ENDS = re.compile(r"[.!?…。！？][\"'”’»」』)]*\s*$")


def marked(line: str) -> str | None:
    """The title in `<<CHAPTER: Title>>`, which may be empty; None for any other line."""
    found = _MARKER.fullmatch(line.strip())
    return found[1] if found else None


def begins_chapter(line: str) -> bool:
    """Whether a line of plain text is like `Chapter 12`, `第一章` or `Epilogue`."""
    line = line.strip()
    if not line or len(line) > _LONGEST_LINE or line[:1].islower():
        return False
    found = _LINE.fullmatch(line)
    return bool(found) and not (found["title"] or "A")[:1].islower()


def is_front(title: str) -> bool:
    """Whether what has this title belongs to the book, and not to its text."""
    return bool(_FRONT.fullmatch(" ".join(title.split())))


def is_title_page(paragraphs: Sequence[str]) -> bool:
    """Whether what stands before the first chapter is title, author and imprint, and no text."""
    if any(_RIGHTS.search(text) for text in paragraphs):
        return sum(map(len, paragraphs)) < _IMPRINT
    return all(len(text) < _LONGEST_LINE and not _ENDS.search(text) for text in paragraphs)


def same(one: str, other: str) -> bool:
    """Whether of two titles one holds the other, whatever their case and punctuation."""
    a, b = _letters(one), _letters(other)
    return bool(a and b) and (a in b or b in a)


def _letters(title: str) -> str:
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "".join(character for character in folded if character.isalnum())
