"""What the pipelines have in common."""

from typing import Any

import pytest

from shared.errors import BodyTooLarge, InvalidRequest
from shared.requests import CONTRACTS
from shared.requests.declared import REDACTED
from shared.requests.narration import Narration
from shared.requests.pipeline import LONGEST_DOCUMENT
from shared.requests.role import Role
from shared.requests.script import Script

TEXT = "The lamp turned."
FILE = "0" * 64
PIPELINES = pytest.mark.parametrize(
    "declared", [task for task in CONTRACTS.values() if task.kind == "pipeline"]
)


@PIPELINES
@pytest.mark.parametrize("body", [{}, {"text": TEXT, "source": FILE}], ids=["none", "two"])
def test_there_is_one_document(declared: Any, body: dict[str, Any]):
    with pytest.raises(InvalidRequest) as error:
        declared.parse(body)
    assert "plan" in (error.value.next_step or "")


@PIPELINES
def test_a_text_that_is_too_long_is_to_be_sent_as_a_file(declared: Any):
    with pytest.raises(BodyTooLarge, match="4,000,000") as error:
        declared.parse({"text": "a" * (LONGEST_DOCUMENT + 1)})
    assert "source" in (error.value.next_step or "")


def test_roles_are_found_where_they_stand():
    request = Script.parse({"text": TEXT, "cast": {"ANNA": "serena"}, "narrator": "ryan"})
    assert request.roles() == {"cast.ANNA": Role(voice="serena"), "narrator": Role(voice="ryan")}
    changed = request.with_roles(lambda place, _: Role(description=place))
    assert [role.description for role in changed.roles().values()] == ["cast.ANNA", "narrator"]


def test_a_role_that_is_wrong_is_named():
    with pytest.raises(InvalidRequest) as error:
        Script.parse({"text": TEXT, "cast": {"ANNA": {"voice": "x", "speed": 9}}})
    assert error.value.param == "cast.ANNA.speed"


# --- what is not kept ---


def test_nothing_that_somebody_wrote_is_left_in_a_redacted_request():
    role = {"description": "a smoky alto", "instruct": "smoky"}
    request = Narration.parse(
        {"text": "smoky", "narrator": role, "lexicon": {"smoky": "smoky"}, "author": "smoky"}
    )
    redacted = Narration.redact(request.model_dump(mode="json"))
    assert "smoky" not in str(redacted)
    assert redacted["text"] == REDACTED
    assert redacted["narrator"]["speed"] == 1.0
    assert Narration.lacks_words(redacted)


def test_a_cast_is_what_somebody_wrote():
    request = Script.parse({"source": FILE, "cast": {"ANNA": "serena"}}).model_dump(mode="json")
    redacted = Script.redact(request)
    assert (redacted["cast"], redacted["source"]) == ({}, FILE)


def test_a_request_with_a_plan_can_be_sent_again_when_its_text_is_gone():
    request = Narration.parse({"text": TEXT, "plan": FILE, "narrator": {"instruct": "calm"}})
    redacted = Narration.redact(request.model_dump(mode="json"))
    assert not Narration.lacks_words(redacted)
    assert Narration.parse(redacted).plan == FILE


def test_a_document_in_a_file_is_not_taken_for_a_text_that_was_not_kept():
    request = Narration.parse({"source": FILE}).model_dump(mode="json")
    assert not Narration.lacks_words(request)
