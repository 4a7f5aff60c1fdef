import codecs

import pytest

from shared.documents import decoding
from shared.errors import UnreadableDocument

SAID = {
    "cp1252": "She said “no” — twice. It’s £5 at the café, Jürgen.",
    "cp1251": "Глава 1. Он сказал ей, что уйдёт.",
    "koi8_r": "Глава 1. Он сказал ей, что уйдёт.",
    "cp932": "第一章。彼女は港に立っていた。",
    "euc_jp": "第一章。彼女は港に立っていた。",
    "gb18030": "第一章。她站在港口,等着那艘船。",
    "big5": "第一章。她站在港口,等著那艘船。",
    "cp949": "제1장. 그녀는 항구에 서 있었다.",
    "utf-8-sig": "Grüße 港",
    "utf-16": "Grüße 港",
    "utf-32": "Grüße 港",
}


@pytest.mark.parametrize("encoding", SAID)
def test_text_is_read_in_what_it_was_written_in(encoding: str):
    assert decoding.text_of(SAID[encoding].encode(encoding)) == SAID[encoding]


def test_a_mark_before_text_in_another_encoding_is_not_believed():
    text = "id,text\n1,Grüß Gott – für 5 €.\n" + "2,Nothing but ASCII in this row.\n" * 9
    assert decoding.text_of(codecs.BOM_UTF8 + text.encode("cp1252")) == text


def test_utf_16_is_told_without_its_mark():
    assert decoding.text_of("A long line of words.\n".encode("utf-16-be")).startswith("A long")


def test_every_line_end_is_one_character():
    assert decoding.text_of(b"a\r\nb\rc\n") == "a\nb\nc\n"


def test_a_byte_cut_off_costs_one_character():
    text = "Они стояли у самой воды и молчали."
    assert decoding.text_of(text.encode()[:-3] + b"\xd0") == text[:-2] + "\ufffd"


@pytest.mark.parametrize(
    "data",
    [b"text\0with zeros", bytes(range(256)) * 4, codecs.BOM_UTF16_LE + b"\0\0" * 9, b"\1" * 99],
)
def test_what_is_no_text_is_refused(data: bytes):
    with pytest.raises(UnreadableDocument):
        decoding.text_of(data)
