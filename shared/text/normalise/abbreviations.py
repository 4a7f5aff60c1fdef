"""Abbreviations in words, where they are clear."""

import re

from shared.text.normalise.amounts import Rule
from shared.text.normalise.tongues import Tongue

_NAME = r"(?= [\"“„«»]?[A-ZÀ-ÞА-ЯЁ])"
_DIGIT = r"(?= ?\d)"

_ALWAYS: dict[str, dict[str, str]] = {
    "english": {
        "Mr.": "Mister", "Mrs.": "Missus", "Prof.": "Professor", "vs.": "versus",
        "etc.": "et cetera", "e.g.": "for example", "i.e.": "that is",
        "approx.": "approximately", "Jr.": "Junior", "Esq.": "Esquire",
    },
    "german": {
        "z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt",
        "d.h.": "das heißt", "u. a.": "unter anderem", "u.a.": "unter anderem",
        "bzw.": "beziehungsweise", "usw.": "und so weiter", "ca.": "circa", "Dr.": "Doktor",
        "Prof.": "Professor", "Mio.": "Millionen", "Mrd.": "Milliarden", "inkl.": "inklusive",
        "ggf.": "gegebenenfalls", "evtl.": "eventuell", "vgl.": "vergleiche",
        "v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "Jh.": "Jahrhundert",
        "geb.": "geboren", "o. Ä.": "oder Ähnliches",
    },
    "french": {
        "Mme": "Madame", "Mmes": "Mesdames", "Mlle": "Mademoiselle", "Mgr": "Monseigneur",
        "p. ex.": "par exemple", "etc.": "et cetera", "c.-à-d.": "c'est-à-dire",
        "env.": "environ", "av. J.-C.": "avant Jésus-Christ", "apr. J.-C.": "après Jésus-Christ",
    },
    "spanish": {
        "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Sres.": "señores",
        "Dr.": "doctor", "Dra.": "doctora", "Dña.": "doña", "Ud.": "usted", "Uds.": "ustedes",
        "Vd.": "usted", "Vds.": "ustedes", "p. ej.": "por ejemplo", "etc.": "etcétera",
        "Av.": "avenida", "Avda.": "avenida", "EE. UU.": "Estados Unidos",
        "a. C.": "antes de Cristo", "d. C.": "después de Cristo", "aprox.": "aproximadamente",
    },
    "italian": {
        "sig.": "signor", "Sig.": "Signor", "sig.ra": "signora", "Sig.ra": "Signora",
        "sig.na": "signorina", "dott.": "dottor", "Dott.": "Dottor", "dott.ssa": "dottoressa",
        "Dott.ssa": "Dottoressa", "avv.": "avvocato", "prof.": "professor",
        "Prof.": "Professor", "prof.ssa": "professoressa", "ing.": "ingegner",
        "ecc.": "eccetera", "p. es.": "per esempio", "per es.": "per esempio",
        "a.C.": "avanti Cristo", "d.C.": "dopo Cristo",
    },
    "portuguese": {
        "Sr.": "senhor", "Sra.": "senhora", "Srs.": "senhores", "Srta.": "senhorita",
        "Dr.": "doutor", "Dra.": "doutora", "Prof.": "professor", "Profa.": "professora",
        "Av.": "Avenida", "p. ex.": "por exemplo", "etc.": "et cetera", "Eng.": "engenheiro",
        "a.C.": "antes de Cristo", "d.C.": "depois de Cristo",
    },
    "russian": {
        "т. е.": "то есть", "т.е.": "то есть", "т. д.": "так далее", "т.д.": "так далее",
        "т. п.": "тому подобное", "т.п.": "тому подобное", "и др.": "и другие",
        "тыс.": "тысяч", "млн": "миллионов", "млрд": "миллиардов", "напр.": "например",
        "просп.": "проспект", "проф.": "профессор", "д-р": "доктор", "г-н": "господин",
        "г-жа": "госпожа", "см.": "смотри", "им.": "имени",
    },
}  # fmt: skip
"""By language; the final point is kept where the abbreviation ends what is said."""

_WHERE: dict[str, list[tuple[str, str]]] = {
    "english": [
        (rf"\bDr\.{_NAME}", "Doctor"), (rf"\bCapt\.{_NAME}", "Captain"),
        (rf"\bLt\.{_NAME}", "Lieutenant"), (rf"\bSgt\.{_NAME}", "Sergeant"),
        (rf"\bRev\.{_NAME}", "Reverend"), (rf"\bGen\.{_NAME}", "General"),
        (rf"\bCol\.{_NAME}", "Colonel"), (rf"\bMt\.{_NAME}", "Mount"),
        (rf"(?<![a-z] )\bSt\.{_NAME}|(?<=\b(?:the|The) )St\.{_NAME}|(?<=\b(?:at|in|of|to) )"
         rf"St\.{_NAME}", "Saint"),
        (rf"\b[Nn]os?\.{_DIGIT}", "number"), (rf"\b[Vv]ol\.{_DIGIT}", "volume"),
        (rf"\b[Ff]ig\.{_DIGIT}", "figure"), (rf"\bpp\.{_DIGIT}", "pages"),
        (rf"\bp\.{_DIGIT}", "page"), (rf"\b[Cc]h\.{_DIGIT}", "chapter"),
    ],
    "german": [
        (rf"\bHr\.{_NAME}", "Herr"), (rf"\bHrn\.{_NAME}", "Herrn"), (rf"\bFr\.{_NAME}", "Frau"),
        (rf"\bSt\.{_NAME}", "Sankt"), (rf"\bFa\.{_NAME}", "Firma"),
        (rf"\bNr\.{_DIGIT}", "Nummer"), (rf"\bS\.{_DIGIT}", "Seite"),
        (rf"\bAbb\.{_DIGIT}", "Abbildung"), (rf"\bKap\.{_DIGIT}", "Kapitel"),
        (rf"\bArt\.{_DIGIT}", "Artikel"), (rf"\bAbs\.{_DIGIT}", "Absatz"),
        (rf"\bBd\.{_DIGIT}", "Band"), (rf"§{_DIGIT}", "Paragraph"),
        (r"(?<=[a-zß])str\.(?= \d)", "straße"),
        (rf"\bTel\.{_DIGIT}", "Telefon"),
    ],
    "french": [
        (rf"\bM\.{_NAME}", "Monsieur"), (rf"\bMM\.{_NAME}", "Messieurs"),
        (rf"\bDr\.?{_NAME}", "Docteur"), (rf"\bMe\.?{_NAME}", "Maître"),
        (rf"\bPr\.?{_NAME}", "Professeur"), (rf"\bSte?(?:\.|(?=-)){_NAME}", "Saint"),
        (rf"\bp\.{_DIGIT}", "page"), (rf"\bpp\.{_DIGIT}", "pages"),
        (rf"\bchap\.{_DIGIT}", "chapitre"), (rf"\bfig\.{_DIGIT}", "figure"),
        (rf"\bbd\.?{_NAME}", "boulevard"), (rf"\bav\.{_NAME}", "avenue"),
    ],
    "spanish": [
        (rf"\bD\.{_NAME}", "don"), (rf"\bDa\.{_NAME}", "doña"), (rf"\bpág\.{_DIGIT}", "página"),
        (rf"\bpágs\.{_DIGIT}", "páginas"), (rf"\bnúm\.{_DIGIT}", "número"),
        (rf"\bcap\.{_DIGIT}", "capítulo"), (rf"\bvol\.{_DIGIT}", "volumen"),
        (r"\bn\.º(?= ?\d)", "número"),
    ],
    "italian": [
        (rf"\bpag\.{_DIGIT}", "pagina"), (rf"\bpagg\.{_DIGIT}", "pagine"),
        (rf"\bn\.{_DIGIT}", "numero"), (rf"\bcap\.{_DIGIT}", "capitolo"),
        (rf"\bvol\.{_DIGIT}", "volume"), (rf"\bp\.{_DIGIT}", "pagina"),
    ],
    "portuguese": [
        (rf"\bpág\.{_DIGIT}", "página"), (rf"\bcap\.{_DIGIT}", "capítulo"),
        (rf"\bvol\.{_DIGIT}", "volume"), (r"\bn\.?[º°](?= ?\d)", "número"),
        (rf"\bR\.{_NAME}", "Rua"),
    ],
    "russian": [
        (r"(?<=\b[Нн]а )ул\.(?= [А-ЯЁ])|(?<=\b[Пп]о )ул\.(?= [А-ЯЁ])", "улице"),
        (r"(?<=\b[Сс] )ул\.(?= [А-ЯЁ])|(?<=\b[Уу] )ул\.(?= [А-ЯЁ])", "улицы"),
        (r"\b[Уу]л\.(?= [А-ЯЁ])", "улица"),
        (r"(?<=\b[Уу] )д\.(?= \d)|(?<=\b[Дд]о )д\.(?= \d)|(?<=\b[Оо]т )д\.(?= \d)", "дома"),
        (r"(?<=\b[Вв] )д\.(?= \d)", "доме"), (r"\bд\.(?= \d)", "дом"),
        (r"\bкв\.(?= \d)", "квартира"), (r"\bгл\.(?= \d)", "глава"),
        (r"\bстр\.(?= \d)", "страница"), (r"\bрис\.(?= \d)", "рисунок"),
        (r"(?<=\b[Вв] )г\.(?= [А-ЯЁ])", "городе"), (r"(?<=\b[Ии]з )г\.(?= [А-ЯЁ])", "города"),
        (r"(?<!\d )\bг\.(?= [А-ЯЁ])", "город"), (r"\bпер\.(?= [А-ЯЁ])", "переулок"),
        (r"(?<=\d )коп\.", "копеек"),
    ],
}  # fmt: skip
"""Patterns that hold what must stand around the abbreviation."""


def abbreviations(tongue: Tongue) -> list[Rule]:
    """`Dr.`, `z. B.`, `p. ex.`, `ул.`; none for scripts that do not abbreviate."""
    rules = [_rule(pattern, word) for pattern, word in _WHERE.get(tongue.name, [])]
    always = _ALWAYS.get(tongue.name)
    if not always:
        return rules
    longest_first = "|".join(re.escape(word) for word in sorted(always, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w.])(?:{longest_first})(?!\w)")
    return [*rules, (pattern, lambda match: _written_out(match, always))]


def _rule(pattern: str, word: str) -> Rule:
    return re.compile(pattern), lambda _: word


def _written_out(match: re.Match[str], words: dict[str, str]) -> str:
    word = words[match[0]]
    ends = match[0].endswith(".") and not match.string[match.end() :].strip("\"'”’»)“ ")
    return f"{word}." if ends else word
