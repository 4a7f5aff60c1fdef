"""What was sent becomes a request that can be met: presets, voices, files and names looked up.

Weakest first, a field comes from the settings of the voice, from the preset, from the body.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from shared import languages, speakers
from shared.audio.reference import require_fit
from shared.errors import Conflict, InvalidRequest, RecordDamaged, UnknownUpload
from shared.receiving import Received
from shared.requests.declared import Declared
from shared.stores.presets import PresetStore
from shared.stores.uploads import UploadFacts, UploadStore
from shared.voices.library import Library

Files = Mapping[str, Received]
"""Files that came with a request, by field."""
_NONE: Files = {}


@dataclass(frozen=True)
class Resolved:
    """A request that can be met as far as anybody can tell before it is spoken."""

    request: Declared
    estimate: float
    """Seconds of audio."""
    warnings: tuple[str, ...]
    """What whoever asked should know."""


class Resolution:
    """Where names and files of a request are looked up."""

    def __init__(self, library: Library, presets: PresetStore, uploads: UploadStore) -> None:
        self._library = library
        self._presets = presets
        self._uploads = uploads

    def resolve(self, contract: type[Declared], body: Any, files: Files = _NONE) -> Resolved:
        """A body and the files that came with it, which are kept only once all else holds.

        Raises InvalidRequest, UnknownPreset, UnknownVoice, UnknownUpload or Conflict.
        """
        sent = _with_files(body, files)
        return self.admit(contract.parse(self._filled(contract, sent)), files)

    def admit(self, request: Declared, files: Files = _NONE) -> Resolved:
        """A request that was resolved before, or just now: what it names must be there still."""
        for field, kind in request.voices().items():
            if kind == "stored" and (voice_id := getattr(request, field)):
                self._library.get(voice_id)
        facts = {
            field: files[field].facts if field in files else self._facts(request, field)
            for field in request.uploads()
            if getattr(request, field)
        }
        warnings = [warning for fact in facts.values() for warning in fact.warnings]
        if transcript := getattr(request, "transcript", None):
            language = getattr(request, "language", languages.AUTO)
            for fact in facts.values():
                warnings += require_fit(transcript, fact.seconds, language)
        for field in request.new_voices():
            if name := getattr(request, field):
                self._require_free(name, field)
        self._keep(request, facts.keys() - files.keys(), files)
        return Resolved(request, _estimate(request, facts), tuple(warnings))

    def _filled(self, contract: type[Declared], sent: Mapping[str, Any]) -> dict[str, Any]:
        """What was sent, with what the preset and the voice say where it says nothing."""
        filled = {**self._of_preset(contract, sent.get("preset")), **sent}
        for field, kind in contract.voices().items():
            word = filled.get(field, contract.model_fields[field].default)
            if word is not None:
                contract.check_part({field: word})
                voice_id = self._voice_id(field, kind, word)
                filled = {**self._of_voice(contract, voice_id), **filled, field: voice_id}
        return filled

    def _of_preset(self, contract: type[Declared], name: Any) -> dict[str, Any]:
        """What the preset says; a field that this contract lacks is not dropped in silence."""
        if name is None or "preset" not in contract.model_fields:
            return {}
        contract.check_part({"preset": name})
        preset = self._presets.get(name)
        if strange := preset.request.keys() - contract.model_fields.keys():
            raise InvalidRequest(
                f"The preset {preset.name!r} is one of {preset.task}: {contract.name} has no field "
                f"{min(strange)!r}.",
                param="preset",
                hint=f"Send it to POST /v1/jobs/{preset.task}, or change the preset.",
            )
        return preset.request

    def _voice_id(self, field: str, kind: str, word: str) -> str:
        if kind == "preset":
            return speakers.canonical(word)
        voice_id = self._library.find(word)
        if self._library.get(voice_id).kind == "preset":
            raise InvalidRequest(
                f"{word!r} is a preset speaker, who cannot be cloned.",
                param=field,
                hint=f"POST /v1/jobs/custom_voice with `speaker`: {voice_id!r}.",
            )
        return voice_id

    def _of_voice(self, contract: type[Declared], voice_id: str) -> dict[str, Any]:
        """The settings of a voice that this contract knows."""
        settings = self._library.get(voice_id).settings
        known = {name: value for name, value in settings.items() if name in contract.model_fields}
        try:
            contract.check_part(known)
        except InvalidRequest as error:
            raise RecordDamaged(
                f"The settings of the voice {voice_id!r} do not fit: {error.message}",
                param=error.param,
                hint="PATCH its `settings`, or mend its voice.yaml.",
            ) from error
        return known

    def _require_free(self, name: str, field: str) -> None:
        try:
            self._library.require_free(name)
        except Conflict as error:
            error.param = field
            raise

    def _facts(self, request: Declared, field: str) -> UploadFacts:
        try:
            return self._uploads.get(request.uploads()[field], getattr(request, field))
        except UnknownUpload as error:
            error.param = field
            raise

    def _keep(self, request: Declared, known: set[str], files: Files) -> None:
        """Let the files of a request live as long as it may take."""
        for file in files.values():
            file.keep(self._uploads)
        for field in known:
            self._uploads.touch(request.uploads()[field], getattr(request, field))


def _with_files(body: Any, files: Files) -> dict[str, Any]:
    """A body in which files are the ids that they will have."""
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    sent = cast(dict[str, Any], body)
    for field, file in files.items():
        if sent.get(field, file.id) != file.id:
            raise InvalidRequest(f"{field}: a file and the id of another are given.", param=field)
    return {**sent, **{field: file.id for field, file in files.items()}}


def _estimate(request: Declared, facts: Mapping[str, UploadFacts]) -> float:
    """How long the audio will be: what the codec is given, or about what the text takes."""
    if request.on_codec_alone:
        return sum(fact.seconds for fact in facts.values())
    return request.estimated_seconds()
