"""The released models, each at the one revision that this project was built against."""

from dataclasses import dataclass

from shared.errors import UnknownModel
from shared.requests.declared import CheckpointKind as Kind
from shared.requests.declared import Size

_FAMILY = "Qwen3-TTS-12Hz-"


@dataclass(frozen=True)
class Pin:
    """A file whose content is known beforehand; it outranks whatever a hub says."""

    path: str
    sha256: str
    nbytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Released:
    """One released model."""

    repository: str
    """`owner/name`, the same on every hub."""
    revision: str
    """Commit on huggingface.co."""
    approximate_bytes: int
    pins: tuple[Pin, ...] = ()
    files: tuple[str, ...] = ()
    """Those without which it cannot be loaded; empty where its layout tells."""
    licence: str = "Apache-2.0"

    @property
    def folder(self) -> str:
        """Name of its folder under `MODELS_DIR`."""
        return self.repository.rpartition("/")[2]

    @property
    def id(self) -> str:
        """What people and the API call it, for example `0.6B-CustomVoice`."""
        return self.folder.removeprefix(_FAMILY)

    @property
    def folders(self) -> tuple[str, ...]:
        """Names its folder may have when copied by hand; ModelScope's client escapes dots."""
        return self.folder, self.id, self.folder.replace(".", "___")

    @property
    def names(self) -> tuple[str, ...]:
        """By which it may be asked for."""
        return self.repository, *self.folders

    def pin(self, path: str) -> Pin | None:
        """What is known beforehand about the file `path`."""
        return next((pin for pin in self.pins if pin.path == path), None)


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Released):
    """One that speaks."""

    kind: Kind
    size: Size


# Revisions, sizes and hashes as read in two or more independent public repositories. A hash that
# is not listed is recorded at the first download and verified afterwards.
CATALOGUE: tuple[Checkpoint, ...] = (
    Checkpoint(
        repository="Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice",
        revision="85e237c12c027371202489a0ec509ded67b5e4b5",
        kind="custom_voice",
        size="0.6B",
        approximate_bytes=2_500_000_000,
        pins=(
            Pin(
                "model.safetensors",
                "bc3c7e785eb961179c25450d1acff03f839e0002f2f3a5aeb67b5735c0fa2adb",
                1_811_626_576,
            ),
        ),
    ),
    Checkpoint(
        repository="Qwen/Qwen3-TTS-12Hz-0.6B-Base",
        revision="5d83992436eae1d760afd27aff78a71d676296fc",
        kind="base",
        size="0.6B",
        approximate_bytes=2_500_000_000,
    ),
    Checkpoint(
        repository="Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice",
        revision="0c0e3051f131929182e2c023b9537f8b1c68adfe",
        kind="custom_voice",
        size="1.7B",
        approximate_bytes=4_500_000_000,
    ),
    Checkpoint(
        repository="Qwen/Qwen3-TTS-12Hz-1.7B-VoiceDesign",
        revision="5ecdb67327fd37bb2e042aab12ff7391903235d3",
        kind="voice_design",
        size="1.7B",
        approximate_bytes=4_500_000_000,
        pins=(
            Pin(
                "model.safetensors",
                "391e8db219f292c515297cdceeb43e4eae67cdde35fa57e79a6a8a532fca0522",
            ),
        ),
    ),
    Checkpoint(
        repository="Qwen/Qwen3-TTS-12Hz-1.7B-Base",
        revision="fd4b254389122332181a7c3db7f27e918eec64e3",
        kind="base",
        size="1.7B",
        approximate_bytes=4_500_000_000,
    ),
)


ALIGNER = Released(
    repository="Qwen/Qwen3-ForcedAligner-0.6B",
    revision="c7cbfc2048c462b0d63a45797104fc9db3ad62b7",
    approximate_bytes=1_840_000_000,
    files=(
        "config.json",
        "merges.txt",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer_config.json",
        "vocab.json",
    ),
    pins=(
        Pin(
            "model.safetensors",
            "47831d0e82f96b20e9034dba01a075ee06436654719f6a68289e49f1b65ce0e7",
            1_835_544_544,
        ),
    ),
)
"""It speaks nothing: it hears when each word is said."""


def find(id: str) -> Released:
    """The released model of that id, folder or repository name. Raises UnknownModel."""
    wanted = id.strip().lower()
    models = (*CATALOGUE, ALIGNER)
    for model in models:
        if wanted in (name.lower() for name in model.names):
            return model
    known = ", ".join(model.id for model in models)
    raise UnknownModel(f"There is no checkpoint {id!r} to download. Known are: {known}.")


def default_for(kind: Kind, size: Size) -> Checkpoint:
    """The released checkpoint to fetch for `kind`: of that size if there is one."""
    fitting = [checkpoint for checkpoint in CATALOGUE if checkpoint.kind == kind]
    return min(fitting, key=lambda checkpoint: checkpoint.size != size)


def need(kind: Kind, size: Size) -> str:
    """What a job wants loaded, in a word: `base/0.6B`. Both ends of the queue take it from here."""
    return f"{kind}/{default_for(kind, size).size}"
