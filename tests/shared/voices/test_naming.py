import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import emotions
from shared.checkpoints.catalogue import CATALOGUE
from shared.errors import InvalidRequest
from shared.stores.outputs import is_name
from shared.stores.voices import is_slug
from shared.voices.naming import (
    LONGEST,
    checked_name,
    folded,
    prompt_name,
    prompt_parts,
    slug,
)


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("Old Sailor", "Old Sailor"),
        ("  Old   Sailor \n", "Old Sailor"),
        ("Zoe\u0308", "Zoë"),
        ("灯台守", "灯台守"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("J. R.", "J. R."),
        ("a" * LONGEST, "a" * LONGEST),
    ],
)
def test_a_name_is_tidied(name: str, tidy: str):
    assert checked_name(name) == tidy


@pytest.mark.parametrize(
    "name",
    [
        "../sailor",
        "a/b",
        "a\\b",
        "/etc/passwd",
        "a\0b",
        "a\nb",
        "a\x7fb",
        "a\u2028b",
        "\u202egnp.exe",
        "\ud800",
        "",
        "   ",
        ".",
        "..",
        " . . ",
        "\u200d",
        "a" * (LONGEST + 1),
    ],
)
def test_what_is_no_name_is_refused_in_one_sentence(name: str):
    with pytest.raises(InvalidRequest) as caught:
        checked_name(name)
    assert caught.value.param == "name"
    assert caught.value.message.count(".") == 1


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Old Sailor", "old_sailor"),
        ("Zoë-Ångström", "zoe_angstrom"),
        ("Straßenkönig", "strassenkonig"),
        ("Łódź & Ærø", "lodz_aero"),
        ("  7 of 9  ", "7_of_9"),
        ("con", "voice_con"),
        ("a" * 80, "a" * 60),
    ],
)
def test_the_id_of_a_latin_name_can_be_read(name: str, id: str):
    assert slug(name) == id


def test_other_names_have_ids_that_stay_and_differ():
    assert slug("灯台守") == slug("灯台守")
    assert slug("灯台守") != slug("船長")
    assert slug("灯台守").startswith("voice_")
    assert len(slug("灯台守")) == len("voice_") + 8


@given(st.text())
def test_every_name_has_an_id_that_a_folder_may_have(name: str):
    assert is_slug(slug(name))


def test_names_that_look_alike_are_the_same():
    assert folded("Old SAILOR") == folded("old sailor")
    assert folded("Ｏｌｄ") == folded("old")
    assert folded("Straße") == folded("STRASSE")


def test_a_prompt_says_which_checkpoint_it_is_for():
    assert prompt_name("0.6B-Base") == "prompt-0-6b-base.safetensors"
    assert prompt_name("0.6B-Base", "happy") == "prompt-0-6b-base_happy.safetensors"


def test_no_two_checkpoints_share_a_prompt():
    assert len({prompt_name(checkpoint.id) for checkpoint in CATALOGUE}) == len(CATALOGUE)
    assert prompt_name("a" * 80) != prompt_name("a" * 81)


@given(st.text(min_size=1), st.sampled_from(["", *emotions.EMOTIONS, "m" * 40]))
def test_every_prompt_has_a_name_that_a_file_may_have(checkpoint: str, mood: str):
    name = prompt_name(checkpoint, mood)
    parts = prompt_parts(name)
    assert is_name(name)
    assert parts is not None
    assert parts[1] == mood


@pytest.mark.parametrize("name", ["reference.wav", "prompt.safetensors", "prompt-x.pt", "prompt-"])
def test_other_files_are_no_prompts(name: str):
    assert prompt_parts(name) is None
