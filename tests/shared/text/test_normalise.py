"""Numbers, dates, units and abbreviations as they are spoken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import languages
from shared.text.normalise.rules import said_as, spoken

TABLE = {
    "english": [
        ("on 3/5/2026", "on March fifth, twenty twenty-six"),
        ("on 2026-03-05", "on March fifth, twenty twenty-six"),
        ("October 3, 1998", "October third, nineteen ninety-eight"),
        ("the 3rd of May", "the third of May"),
        ("the 1990s", "the nineteen nineties"),
        ("In 1898, 1500 men", "In eighteen ninety-eight, one thousand five hundred men"),
        ("6:45 p.m., 9:15, 7:00", "six forty-five p.m., nine fifteen, seven o'clock"),
        ("1,250.75 or -5", "one thousand two hundred and fifty point seven five or minus five"),
        ("call 007", "call zero zero seven"),
        ("52 km/h, 5-10 kg", "fifty-two kilometers per hour, five to ten kilograms"),
        ("1 °C, 50 %", "one degree Celsius, fifty percent"),
        ("$3.5 million, £2.01", "three point five million dollars, two pounds and one penny"),
        ("2½ hours", "two and a half hours"),
        ("Chapter IV", "Chapter four"),
        ("R & D, No. 5, #5", "R and D, number five, number five"),
        ("me_x@example.org", "me underscore x at example dot org"),
        ("see https://www.example.com/a-b?q=1.", "see example dot com slash a dash b."),
        ("hi 😀 there :-)", "hi there"),
        ("+49 30 1234", "plus four nine, three zero, one two three four"),
        ("Mrs. Lee, etc.", "Missus Lee, et cetera."),
        ("a 23-year-old", "a twenty-three-year-old"),
        ("£5m, $3.5bn", "five million pounds, three point five billion dollars"),
        ("on 3 Jan. 1999. On 3 May. He", "on the third of January, nineteen ninety-nine. On the "
         "third of May. He"),
        ("(555) 123-4567", "five five five, one two three, four five six seven"),
        ("in 1066", "in ten sixty-six"),
    ],
    "german": [
        ("der 3. Mann", "der dritte Mann"),
        ("im 19. Jahrhundert", "im neunzehnten Jahrhundert"),
        ("Er kam am 3. Danach nicht.", "Er kam am dritten. Danach nicht."),
        ("am 3.10.2026 um 7.45 Uhr", "am dritten Oktober zweitausendsechsundzwanzig um sieben Uhr "
         "fünfundvierzig"),
        ("1 t, 1.250 m", "eine Tonne, eintausendzweihundertfünfzig Meter"),
        ("usw. bzw. Nr. 5", "und so weiter beziehungsweise Nummer fünf"),
        ("info@example.de", "info at example Punkt de"),
    ],
    "french": [
        ("le 1er mars 2026 à 21 h", "le premier mars deux mille vingt-six à vingt et une heures"),
        ("la 2e, la 1re", "la deuxième, la première"),
        ("1 250,05 km", "mille deux cent cinquante virgule zéro cinq kilomètres"),
        ("M. Dupont", "Monsieur Dupont"),
    ],
    "spanish": [
        ("21 kg y 1.º", "veintiún kilogramos y primero"),
        ("el 5 de marzo de 2026", "el cinco de marzo de dos mil veintiséis"),
        ("EE. UU.", "Estados Unidos."),
    ],
    "italian": [
        ("il 1° marzo, 12,05", "il primo marzo, dodici virgola zero cinque"),
        ("€3,50", "tre euro e cinquanta centesimi"),
    ],
    "portuguese": [
        ("R$ 3,50 e 2 t", "três reais e cinquenta centavos e duas toneladas"),
        ("2 casas", "2 casas"),
        ("às 8h", "às oito horas"),
    ],
    "russian": [
        ("5 марта 2026 г.", "пятого марта две тысячи двадцать шестого года"),
        ("с 1998 г., 3-й", "с тысяча девятьсот девяносто восьмого года, третий"),
        ("21 кг, 2 мин, $2", "двадцать один килограмм, две минуты, два доллара"),
        ("2,5 км, 5 %", "две целых пять десятых километра, пять процентов"),
        ("12,50 руб. и 21 руб.", "двенадцать рублей пятьдесят копеек и двадцать один рубль."),
    ],
    "chinese": [
        ("2026年3月5日7:05", "二零二六年三月五日七点零五分"),
        ("50%，¥3.50，25°C", "百分之五十，三点五元，二十五摄氏度"),
        ("第3章，１２个，13812345678", "第三章，十二个，一三八一二三四五六七八"),
        ("2个人，2月，第2天", "两个人，二月，第二天"),
        ("电话010-12345678", "电话零一零，一二三四五六七八"),
    ],
    "japanese": [
        ("2026/3/5、第3章", "二千二十六年三月五日、第三章"),
        ("¥350、5kg、50%", "三百五十円、五キログラム、五十パーセント"),
    ],
    "korean": [
        ("6월 5일, 오후 3시, 20명", "유월 오일, 오후 세 시, 스무 명"),
        ("010-1234-5678, 3번째", "공일공, 일이삼사, 오육칠팔, 세 번째"),
    ],
}  # fmt: skip
CASES = [(language, *case) for language, cases in TABLE.items() for case in cases]
UNSURE = [
    *("F-16", "7:05:10", "3:2", "24/7", "3.11.2", "99/99/2026", "2026-13-45", "Main St. Bob"),
    *("$5x", "$1,234x", "€1.234,56", "6'2\"", "555-1234", "{0}"),
]
DENSE = st.text(st.sampled_from("0123456789.,:/-–%$€°²½#@&+ hmkgISVX.г№º年第"), max_size=40)


@pytest.mark.parametrize(("language", "written", "said"), CASES)
def test_it_is_read_as_people_read_it(language: str, written: str, said: str):
    assert spoken(written, language) == said


@pytest.mark.parametrize("text", UNSURE)
def test_what_is_uncertain_stays_as_it_is(text: str):
    assert spoken(f"x {text} y", "english") == f"x {text} y"


@pytest.mark.parametrize("language", languages.CODES)
def test_words_alone_are_not_touched(language: str):
    text = "Nur Worte, only words. (Nobody did.) «да» 对！"
    assert spoken(text, language) == text


@given(DENSE | st.text(max_size=60), st.sampled_from([*languages.CODES]))
@settings(deadline=None, max_examples=300)
def test_no_text_is_too_odd(text: str, language: str):
    assert len(spoken(text, language)) <= 60 * len(text) + 60
    for way in ("ordinal", "cardinal", "digits", "characters"):
        said_as(text, way, language)
