"""XML and HTML as trees; nothing that they refer to is fetched, and no entity is expanded."""

from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError

import lxml.html
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from lxml import etree as _etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

_lxml = cast(Any, _etree)
_page = cast(Any, lxml.html)


class Malformed(ValueError):
    """What is no XML, or is meant to do harm."""


def document(data: bytes) -> Element:
    """The XML of a file that may declare its kind, but no entity. Raises Malformed."""
    try:
        ElementTree.fromstring(data, forbid_entities=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise Malformed(str(error)) from error
    return tree(data)


def tree(data: bytes) -> Element:
    """The XML of a file without declarations, of any size. Raises Malformed.

    The names of its elements keep their namespace: `{http://www.w3.org/1999/xhtml}p`.
    """
    parser = _lxml.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return cast(Element, _lxml.fromstring(data, parser))
    except (_lxml.XMLSyntaxError, ValueError) as error:
        raise Malformed(str(error)) from error


def page(text: str) -> Element | None:
    """What a browser makes of HTML, however broken; None for what has no element at all."""
    parser = _page.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return cast(Element, _page.document_fromstring(text.encode(), parser))
    except (_lxml.ParserError, _lxml.XMLSyntaxError):
        return None


def local(name: str) -> str:
    """The name of an element or attribute without its namespace."""
    return str(name).rpartition("}")[2]
