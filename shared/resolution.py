"""What was sent becomes a request that can be met: presets, voices, files and names looked up.

Weakest first, a field comes from the settings of the voice, from the preset, from the body.
"""

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from shared import languages, speakers
from shared.audio.reference import require_fit
from shared.checkpoints import catalogue
from shared.errors import Conflict, InvalidRequest, RecordDamaged, UnknownUpload, UnknownVoice
from shared.plans.directory import Directory
from shared.plans.plan import Plan
from shared.receiving import Received
from shared.requests.declared import ANY_FILE, Declared
from shared.requests.pipeline import Pipeline
from shared.requests.role import Role
from shared.stores.presets import Preset, PresetStore
from shared.stores.uploads import Upload, UploadFacts, UploadStore
from shared.voices import naming
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
        """A body and the files that came with it, of which nothing is kept yet.

        Raises InvalidRequest, UnknownPreset, UnknownVoice, UnknownUpload or Conflict.
        """
        return self.admit(self._parsed(contract, _with_files(body, files)), files)

    def check(self, contract: type[Declared], body: Any, coming: Collection[str]) -> None:
        """Refuse what `resolve` would refuse before anybody looks at the files, which is work.

        `coming` are the fields that a file came for. Raises as `resolve` does.
        """
        sent = {**_object(body), **dict.fromkeys(coming, ANY_FILE)}
        request = self._parsed(contract, sent)
        self._require_names(request)
        for field in request.uploads().keys() - set(coming):
            if getattr(request, field):
                self._facts(request, field)

    def admit(self, request: Declared, files: Files = _NONE) -> Resolved:
        """A request that was resolved before, or just now: what it names must be there still.

        A document whose plan is there is needed no more, so it may be gone.
        """
        if isinstance(request, Pipeline):
            request = self._without_lost_source(request, files)
        self._require_names(request)
        facts = {
            field: self.facts(request, field, files)
            for field in request.uploads()
            if getattr(request, field)
        }
        if isinstance(request, Pipeline) and (known := facts.get("plan")):
            self._require_plan(request, known, files)
        warnings = [*_of_size(request)]
        warnings += [warning for fact in facts.values() for warning in fact.warnings]
        if transcript := getattr(request, "transcript", None):
            language = getattr(request, "language", languages.AUTO)
            for fact in facts.values():
                warnings += require_fit(transcript, fact.seconds, language)
        return Resolved(request, _estimate(request, facts), tuple(warnings))

    @contextmanager
    def keeping(self, request: Declared, files: Files = _NONE) -> Generator[None]:
        """Let the files of a request live as long as it may take.

        If the block raises, those that came with it and were not there before go again.
        """
        with ExitStack() as undoing:
            for file in files.values():
                new = not self._uploads.holds(file.kind, file.id)
                upload = file.keep(self._uploads)
                if new:
                    undoing.callback(self._take_back, upload)
            for field in request.uploads().keys() - files.keys():
                if upload_id := getattr(request, field):
                    self._uploads.touch(request.uploads()[field], upload_id)
            yield
            undoing.pop_all()

    def content(self, request: Declared, field: str, files: Files = _NONE) -> bytes:
        """A file of a request, which came with it or before. Raises UnknownUpload."""
        if field in files:
            return files[field].data
        try:
            return self._uploads.read(request.uploads()[field], getattr(request, field))
        except UnknownUpload as error:
            error.param = field
            raise

    def facts(self, request: Declared, field: str, files: Files = _NONE) -> UploadFacts:
        """What is known of a file of a request. Raises UnknownUpload."""
        return files[field].facts if field in files else self._facts(request, field)

    def _take_back(self, upload: Upload) -> None:
        """What has been sent anew meanwhile is somebody else's too, and stays."""
        with suppress(UnknownUpload):
            if self._uploads.get(upload.kind, upload.id) == upload:
                self._uploads.discard(upload.kind, upload.id)

    def _parsed(self, contract: type[Declared], sent: Mapping[str, Any]) -> Declared:
        preset = self._preset(contract, sent.get("preset"))
        try:
            request = contract.parse(self._filled(contract, sent, preset))
        except InvalidRequest as error:
            field = (error.param or "").partition(".")[0]
            if preset and field in preset.request.keys() - sent.keys():
                error.next_step = _undoing(contract, preset, field)
            raise
        return self._with_voices(request) if isinstance(request, Pipeline) else request

    def _filled(
        self, contract: type[Declared], sent: Mapping[str, Any], preset: Preset | None
    ) -> dict[str, Any]:
        """What was sent, with what the preset and the voice say where it says nothing."""
        filled = {**(preset.request if preset else {}), **sent}
        if preset and issubclass(contract, Pipeline):
            filled |= _casts(contract, preset.request, sent)
        for field, kind in contract.voices().items():
            word = filled.get(field, contract.model_fields[field].default)
            if word is not None:
                contract.check_part({field: word})
                voice_id = self._voice_id(field, kind, word)
                filled = {**self._of_voice(contract, voice_id), **filled, field: voice_id}
        return filled

    def _with_voices(self, request: Pipeline) -> Pipeline:
        """The request with the ids of the voices that its roles name."""
        directory = Directory.of(self._library)

        def named(place: str, role: Role) -> Role:
            if role.voice is None:
                return role
            try:
                return role.model_copy(update={"voice": directory.find(role.voice).id})
            except UnknownVoice as error:
                error.param = place
                raise

        return request.with_roles(named)

    def _without_lost_source(self, request: Pipeline, files: Files) -> Pipeline:
        source = request.source
        if request.plan is None or source is None or "source" in files:
            return request
        held = self._uploads.holds("document", source)
        return request if held else request.model_copy(update={"source": None})

    def _require_plan(self, request: Pipeline, facts: UploadFacts, files: Files) -> None:
        """A plan is for one pipeline, and its voices must be there."""
        if facts.task != request.name:
            raise InvalidRequest(
                f"The plan is one of {facts.task!r}, not of {request.name}.",
                param="plan",
                hint=f"Plan the document for {request.name}: POST /v1/jobs/{request.name}?plan=1.",
            )
        if missing := set(facts.voices) - set(self._library.ids()):
            plan = Plan.model_validate_json(self.content(request, "plan", files))
            index, line = next(
                (index, line) for index, line in enumerate(plan.lines) if line.role.voice in missing
            )
            raise UnknownVoice(
                f"lines.{index}.role.voice: There is no voice {line.role.voice!r} in the library.",
                param="plan",
                hint="A plan names voices by their ids; GET /v1/voices lists them.",
            )

    def _preset(self, contract: type[Declared], name: Any) -> Preset | None:
        """The preset; a field of it that this contract lacks is not dropped in silence."""
        if name is None or "preset" not in contract.model_fields:
            return None
        contract.check_part({"preset": name})
        preset = self._presets.get(name)
        if strange := preset.request.keys() - contract.model_fields.keys():
            raise InvalidRequest(
                f"The preset {preset.name!r} is one of {preset.task}: {contract.name} has no field "
                f"{min(strange)!r}.",
                param="preset",
                hint=f"Send it to POST /v1/jobs/{preset.task}, or change the preset.",
            )
        return preset

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

    def _require_names(self, request: Declared) -> None:
        """The voices that it names must be there, and those that it makes must not."""
        for field, kind in request.voices().items():
            if kind == "stored" and (voice_id := getattr(request, field)):
                self._library.get(voice_id)
        if isinstance(request, Pipeline):
            self._require_roles(request)
        for field in request.new_voices():
            if name := getattr(request, field):
                self._require_free(name, field)

    def _require_roles(self, request: Pipeline) -> None:
        known = {None, *self._library.ids()}
        for place, role in request.roles().items():
            if role.voice not in known:
                raise UnknownVoice(f"There is no voice {role.voice!r} any more.", param=place)

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


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return cast(dict[str, Any], body)


def _with_files(body: Any, files: Files) -> dict[str, Any]:
    """A body in which files are the ids that they will have."""
    sent = _object(body)
    for field, file in files.items():
        if sent.get(field, file.id) != file.id:
            raise InvalidRequest(f"{field}: a file and the id of another are given.", param=field)
    return {**sent, **{field: file.id for field, file in files.items()}}


def _casts(
    contract: type[Pipeline], preset: Mapping[str, Any], sent: Mapping[str, Any]
) -> dict[str, Any]:
    """The casts that both give, put together: a name that was sent goes first, in any case."""
    together: dict[str, Any] = {}
    for field in contract.casts():
        kept, given = preset.get(field), sent.get(field)
        if isinstance(kept, dict) and isinstance(given, dict):
            own = cast(dict[str, Any], given)
            taken = {naming.folded(str(name)) for name in own}
            others = cast(dict[str, Any], kept).items()
            left = {name: role for name, role in others if naming.folded(str(name)) not in taken}
            together[field] = {**left, **own}
    return together


def _estimate(request: Declared, facts: Mapping[str, UploadFacts]) -> float:
    """How long the audio will be: what the codec is given, or about what the text takes."""
    if plan := facts.get("plan"):
        return plan.seconds
    if request.on_codec_alone:
        return sum(fact.seconds for fact in facts.values())
    return request.estimated_seconds()


def _of_size(request: Declared) -> Iterator[str]:
    """What to know where the checkpoint has not been released in the size that was asked for."""
    size = getattr(request, "size", None)
    if size and request.checkpoint:
        released = catalogue.default_for(request.checkpoint, size)
        if released.size != size:
            yield f"{released.id} is used: no {size} checkpoint of its kind has been released."


def _undoing(contract: type[Declared], preset: Preset, field: str) -> str:
    """What to do about a field that comes from a preset and does not fit the request."""
    way = "another value"
    if contract.model_fields[field].default is None:
        way += f' or `"{field}": null`'
    return f"The preset {preset.name!r} gives `{field}`; {way} in the request undoes that."
