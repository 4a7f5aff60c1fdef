"""EPUB and Word files made in memory, right ones and wrong ones."""

import io
import zipfile
from collections.abc import Mapping

import docx

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
_PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<metadata><dc:title>The Lamp</dc:title><dc:creator>A. Keeper</dc:creator>"
    "<dc:language>de-DE</dc:language></metadata><manifest>{manifest}</manifest>"
    "{spine}{rest}</package>"
)
_PAGE = (
    '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"'
    ' xmlns:epub="http://www.idpf.org/2007/ops"><head><title>x</title></head>{body}</html>'
)


def page(inner: str, kind: str = "") -> str:
    of_kind = f' epub:type="{kind}"' if kind else ""
    return _PAGE.format(body=f"<body{of_kind}>{inner}</body>")


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return target.getvalue()


def epub(
    pages: Mapping[str, str | bytes],
    *,
    nav: str = "",
    spine: str | None = None,
    rest: str = "",
    others: Mapping[str, str | bytes] | None = None,
    without: str = "",
) -> bytes:
    """An EPUB of these pages in this order; `nav` is the inner part of its contents."""
    listed = [
        f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml"/>'
        for at, name in enumerate(pages)
    ]
    listed.append('<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>')
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/c.png": PNG,
        **{f"OEBPS/{name.replace('%20', ' ')}": text for name, text in pages.items()},
        **(others or {}),
    }
    if nav:
        listed.append(
            '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        )
        files["OEBPS/nav.xhtml"] = page(nav)
    if spine is None:
        inside = "".join(f'<itemref idref="i{at}"/>' for at in range(len(pages)))
        spine = f"<spine>{inside}</spine>"
    files["OEBPS/book.opf"] = _PACKAGE.format(manifest="".join(listed), spine=spine, rest=rest)
    files.pop(without, None)
    return zipped(files)


def word() -> bytes:
    """A Word document of two chapters, with a title, a table and a subheading."""
    document = docx.Document()
    document.core_properties.author = "A. Keeper"
    document.add_paragraph("The Lamp", style="Title")
    document.add_heading("One", 1)
    document.add_paragraph("It turned.")
    table = document.add_table(2, 2)
    for row, words in zip(table.rows, (("Ship", "Tons"), ("Marigold", "300")), strict=True):
        for cell, said in zip(row.cells, words, strict=True):
            cell.text = said
    document.add_heading("Two", 1)
    document.add_heading("Later", 2)
    document.add_paragraph("It stopped.")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def changed(data: bytes, changes: Mapping[str, tuple[str, str]], **more: bytes) -> bytes:
    """A zip with words of its files replaced, and more files in it."""
    files: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for name in packed.namelist():
            old, new = changes.get(name, ("", ""))
            text = packed.read(name)
            files[name] = text.replace(old.encode(), new.encode()) if old else text
    return zipped({**files, **{name.replace("__", "/"): text for name, text in more.items()}})
