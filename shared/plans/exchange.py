"""Plans as they leave the service and come back to it, changed or not."""

from typing import Any, cast

from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import from_json

from shared import languages
from shared.errors import InvalidRequest, NothingToSay, SpeechError
from shared.plans.plan import Line, Plan
from shared.plans.planning import require_speech
from shared.requests.declared import explain
from shared.stores.uploads import UploadFacts

_MOST_WARNINGS = 20
_HOW = "Send it as `?plan=1` answered, with what you have changed."


class PlanView(Plan):
    """A plan that is kept as a file: `id` goes into a request as `plan`."""

    model_config = ConfigDict(populate_by_name=True, use_attribute_docstrings=True)

    id: str = ""
    """Of the file."""
    estimate: float = Field(default=0.0, alias="seconds")
    """How long the recording will be, about."""


_OF_VIEW = {*PlanView.model_fields} - {*Plan.model_fields}


def dumps(plan: Plan) -> bytes:
    """The canonical form: equal plans have equal bytes."""
    return plan.model_dump_json(exclude=_OF_VIEW).encode()


def loads(data: bytes) -> Plan:
    """A plan that somebody sent, with or without what `PlanView` adds.

    Raises InvalidRequest, which names the place in the plan; NothingToSay for one without a line.
    """
    try:
        plan = PlanView.model_validate_json(data)
    except ValidationError as error:
        raise _explained(dict(error.errors(include_url=False)[0])) from error
    except InvalidRequest as error:  # a type refuses without knowing where it stands
        raise _placed(data, error) from error
    _require_order(plan)
    require_speech(plan)
    return plan


def view(data: bytes, plan_id: str, seconds: float) -> bytes:
    """A `PlanView` in JSON, of a plan in canonical form, which may have megabytes."""
    return f'{{"id":"{plan_id}","seconds":{seconds!r},'.encode() + data[1:]


def facts(plan: Plan) -> UploadFacts:
    """What is known of a plan without reading it."""
    more = len(plan.warnings) - _MOST_WARNINGS
    return UploadFacts(
        seconds=plan.seconds,
        warnings=plan.warnings[:_MOST_WARNINGS] + ([f"… and {more} more."] if more > 0 else []),
        task=plan.task,
        voices=sorted({line.role.voice for line in plan.lines if line.role.voice}),
    )


def _require_order(plan: Plan) -> None:
    """What no type says of a line: that it has a number of its own, a voice and a language."""
    if not plan.lines:
        raise NothingToSay("The plan has no line.", hint=_HOW)
    if plan.language not in languages.CODES:
        raise InvalidRequest(f"language: It is none of {', '.join(languages.CODES)}.", hint=_HOW)
    last = 0
    for index, line in enumerate(plan.lines):
        if line.number <= last:
            raise _wrong(index, "number", f"{line.number} does not come after {last}.")
        if not line.role.chosen:
            raise _wrong(index, "role", "It has neither a `voice` nor a `description`.")
        if line.language not in languages.CODES:
            known = ", ".join(languages.CODES)
            raise _wrong(index, "language", f"It is none of {known}.")
        last = line.number


def _wrong(index: int, field: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"lines.{index}.{field}: {why}", hint=_HOW)


def _explained(fault: dict[str, Any]) -> InvalidRequest:
    if fault["type"] == "json_invalid":
        return InvalidRequest(f"The plan is not JSON: {fault['ctx']['error']}.", hint=_HOW)
    if not fault["loc"]:
        return InvalidRequest("A plan is a JSON object.", hint=_HOW)
    error = explain(fault)
    place = ".".join(map(str, fault["loc"]))
    if not error.message.startswith(place):
        error.message = f"{place}: {error.message}"
    error.next_step = error.next_step or _HOW
    return error


def _placed(data: bytes, error: SpeechError) -> InvalidRequest:
    """The same refusal with its place: the first line, or member of the cast, that is refused."""
    plan = cast(dict[str, Any], from_json(data))
    for index, line in enumerate(cast(list[Any], plan.get("lines", []))):
        try:
            Line.model_validate(line)
        except ValidationError:
            continue  # not what was complained of
        except InvalidRequest as found:
            return InvalidRequest(f"lines.{index}: {found.message}", hint=found.next_step)
    return InvalidRequest(f"cast: {error.message}", hint=error.next_step)
