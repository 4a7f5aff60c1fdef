"""Every setting: name, type, default and meaning, in one class.

Four layers, each overriding the one before: `configs/default.yaml`, the profile named by
`PROFILE` (`configs/<profile>.yaml`), `.env` and environment variables, the command line.
"""

import base64
import difflib
import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import Field, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from shared.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds the top-level packages; relative paths in settings start here."""
CONFIGS = ROOT / "configs"
DEFAULTS = CONFIGS / "default.yaml"
DOTENV = ROOT / ".env"
_NO_PROFILES = frozenset({"default", "emotions"})
"""Files in `configs/` that are something else."""

_SHORT = {"--insecure": "--insecure-bind"}
"""Short names of flags on the command line."""
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#*@\s]+", re.IGNORECASE)
"""Scheme, host and port, without a path (RFC 6454)."""

EngineChoice = Literal["auto", "qwen3", "stock", "preview"]


class Settings(BaseSettings):
    """What can be configured; `docs/configuration.md` is this class, rendered."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        env_file_encoding="utf-8",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_exit_on_error=False,
        cli_prog_name="python -m api|worker|ui",
        nested_model_default_partial_update=True,
        validate_default=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    profile: str = ""
    """Name of a file in `configs/` laid over the defaults: `gtx1660ti`, `cpu`, `datacenter`."""

    # --- addresses ---
    host: str = "127.0.0.1"
    """Address the API listens on. Anything but loopback needs `API_KEYS` or `INSECURE_BIND=1`."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port of the API."""
    gradio_host: str = "127.0.0.1"
    """Address the dashboard listens on; the same rule as for `HOST`."""
    gradio_port: int = Field(default=7860, ge=0, le=65535)
    """Port of the dashboard."""
    api_url: str = ""
    """Where the dashboard and `qtts` find the API; empty: this machine, at `PORT`."""
    root_path: str = ""
    """Path under which a reverse proxy serves the API, for example `/speech`."""
    gradio_root_path: str = ""
    """Path under which a reverse proxy serves the dashboard."""
    gradio_language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")
    """Language of the dashboard: `en`, or the name of a file in `ui/locales/` without its `.po`."""
    wyoming_host: str = "127.0.0.1"
    """Address the Wyoming server listens on; it knows no keys, so beyond loopback it needs
    `INSECURE_BIND=1`."""
    wyoming_port: int = Field(default=0, ge=0, le=65535)
    """Port at which Home Assistant finds a voice, usually 10200; 0: `make run` starts none."""
    allowed_hosts: Annotated[list[str], NoDecode] = ["localhost", "127.0.0.1", "[::1]"]
    """Host names that requests may carry besides this machine's own, or `*`.

    Unless set, it holds on loopback alone.
    """
    insecure_bind: bool = False
    """Listen beyond loopback without API keys: only behind something that keeps others out.

    On the command line also `--insecure`.
    """
    cors_origins: Annotated[list[str], NoDecode] = []
    """Pages that may use the API from a browser, as `https://app.example`; empty: none but its own.

    Each is scheme, host and port, exactly as the browser sends it; `*` is refused.
    """

    # --- keys ---
    api_keys: Annotated[list[SecretStr], NoDecode] = []
    """Keys that clients must send as `Authorization: Bearer <key>`; they may do everything.

    Without them, and without keys that `qtts keys create` made, none is asked for.
    """
    public_lists: bool = False
    """Answer `GET /v1/audio/voices` and `/v1/audio/models` without a key.

    Open WebUI asks for both without one, and shows OpenAI's names where it is refused.
    """
    api_key: SecretStr = SecretStr("")
    """The key that the dashboard and `qtts` send."""
    run_key: SecretStr = SecretStr("")
    """A key that opens everything and makes nobody else need one.

    `make run` draws one at each start for its own dashboard and Wyoming server, unless there is
    another for them: leave it empty.
    """
    keys_file: str = ""
    """Where the keys of `qtts keys` lie, hashed; empty: `keys.json` in `RUN_DIR`.

    All API processes read one file, and see a change within a second.
    """

    # --- where things lie ---
    models_dir: Path = Path("models")
    """Checkpoints, one folder each."""
    voices_dir: Path = Path("voices")
    """The voices library."""
    outputs_dir: Path = Path("outputs")
    """Results, one folder per job."""
    run_dir: Path = Path(".run")
    """Data of the embedded Redis, sockets and locks."""
    redis_url: str = ""
    """`redis://`, `rediss://` or `unix://`; empty: an embedded server is started."""
    redis_max_memory_mb: int = Field(default=512, ge=32)
    """Memory limit of the embedded Redis."""

    # --- speaking ---
    engine: EngineChoice = "auto"
    """What speaks. `auto` takes the best that has a checkpoint at hand."""
    allow_preview: bool = True
    """Let `auto` fall back to the preview engine (espeak-ng) where no checkpoint is at hand."""
    preview_pace: float = Field(default=0.0, ge=0, le=10)
    """Speed of the preview engine: 0 as fast as it can, 1 real time, 2 half as fast."""
    model_size: Literal["0.6B", "1.7B"] = "0.6B"
    """Which size of checkpoint to use and to download first."""
    device: str = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:N`."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Number format of the talker; `auto` takes what is safe on the card.

    fp32 is exact and costs twice the memory and reading of the others; `qtts doctor` shows what
    each gains here.
    """
    quantization: Literal["none", "int8"] = "none"
    """Weights of talker and code predictor in 8 bits: less memory and reading, other samples.

    For one row or a few at once, on CPUs and on cards with native bf16 (8.0 and later).
    What it costs in agreement with fp32 stands beside its speed in `docs/benchmarks.md`.
    """
    max_loaded_models: int = Field(default=1, ge=1)
    """Checkpoints kept in memory at once; the least recently used makes room."""
    idle_unload_seconds: float = Field(default=600, ge=0)
    """Unload checkpoints after this long without a job; 0: never."""
    max_attempts_per_sentence: int = Field(default=3, ge=1, le=10)
    """How often a sentence whose speech does not end is tried, each time with another seed."""

    # --- speed and memory of the engine ---
    max_batch: int = Field(default=0, ge=0, le=128)
    """Sentences of one job spoken at once; 0: as many as speed and free memory allow.

    Each takes memory for its context, and each slows the others down a little.
    """
    graphs: Literal["auto", "off"] = "auto"
    """Replay whole frames as CUDA graphs: costs seconds at loading, and memory by batch size."""
    compile: bool = False
    """Let torch compile the code predictor and the codec, from compute capability 8.0 on.

    Costs a long warm-up at each start; fused kernels round differently, so samples change.
    """
    tf32: bool = False
    """Let fp32 products round what goes into them to 10 bits, from compute capability 8.0 on.

    Speeds up the codec; costs its exactness.
    """
    threads: int = Field(default=0, ge=0, le=1024)
    """CPU threads of the engine; 0: torch's own choice, one for each core.

    Fewer cost speed and leave cores to the other processes; more than there are cores cost speed.
    """
    vram_budget_gb: float = Field(default=0, ge=0)
    """GPU memory that torch may take, in units of 10^9 bytes; 0: what is free, less a margin.

    The CUDA context takes about 0.5 GB beside it. Less costs batch size, and below what a
    checkpoint needs it is not loaded. Checkpoints that stay loaded share it; on a CPU it bounds
    their weights.
    """
    text_table: Literal["auto", "cpu", "device"] = "auto"
    """Where the text embeddings lie; `auto` puts them on cards of 12 GB and more.

    They stay in the 16 bits of the checkpoint. On the `device` they cost 0.6 GB; on the `cpu`, a
    copy of the rows that each sentence needs.
    """
    prompt_cache_mb: int = Field(default=64, ge=0)
    """Memory for prepared voices, about 5 MB each; 0: each is prepared anew."""
    codes_cache_mb: int = Field(default=0, ge=0)
    """Main memory for generated codes, about 1.5 MB for an hour of speech; 0: none are kept.

    With it, a request that differs only in format or loudness costs no generation.
    """

    # --- voices ---
    measure_voices: bool = True
    """Say of each sentence of a cloned voice how alike it is to its reference.

    Costs a run of the speaker encoder per sentence.
    """
    max_upload_mb: int = Field(default=64, ge=1, le=4096)
    """Size of a file that may be sent; other bodies may have 16 MB."""
    max_audio_seconds: float = Field(default=600, ge=1)
    """Length of sound that may be sent to be encoded; references have limits of their own."""
    uploads_keep_hours: float = Field(default=24, ge=1)
    """How long a file that was sent is kept beyond the jobs that use it.

    All together they take 32 times MAX_UPLOAD_MB at most: beyond it the oldest that no job uses go.
    """
    transcriber: str = ""
    """Folder in `MODELS_DIR` of a faster-whisper model that writes down references; empty: none."""
    aligner: str = ""
    """Folder in `MODELS_DIR` of Qwen3-ForcedAligner-0.6B, which says when each word is heard;
    empty: none.

    It takes 3.5 GB beside what speaks: on the card where they are free and bf16 is native, else in
    main memory, where it is slower. The preview engine tells its words without it.
    """

    # --- queue ---
    worker_queues: Annotated[list[Literal["interactive", "batch", "codec"]], NoDecode] = [
        "interactive",
        "batch",
        "codec",
    ]
    """Queues that the worker serves, the most urgent first."""
    codec_concurrency: int = Field(default=0, ge=0, le=1)
    """1: `make run` starts a second worker, on the CPU, for codec tasks beside a generation."""
    swap_patience_seconds: float = Field(default=20, ge=0)
    """How long later jobs that need the checkpoint in memory may overtake one; 0: they may not."""
    worker_name: str = Field(default="gpu-0", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Stable name of the worker: after a crash its next life takes its jobs up by this name."""
    max_queue: int = Field(default=200, ge=1)
    """Jobs that may wait, run or be paused at once; beyond it the API answers 503 `queue_full`."""
    max_client_jobs: int = Field(default=50, ge=1)
    """Jobs that one client may have waiting, running or paused; beyond it the API answers 429."""
    max_text: int = Field(default=20_000, ge=1, le=20_000)
    """Characters of the text of one task; beyond it 422 `text_too_long`. Pipelines take more."""
    openai_max_input: int = Field(default=4096, ge=1, le=20_000)
    """Characters of the `input` of `POST /v1/audio/speech`; 4096 is OpenAI's own limit."""
    max_job_seconds: float = Field(default=0, ge=0)
    """Estimated audio of one job; beyond it 422 `job_too_long`; 0: no limit."""
    live_idle_seconds: float = Field(default=30, ge=0.1)
    """How long a live session waits for text while it has nothing to speak, before it ends."""
    live_max_characters: int = Field(default=200_000, ge=1)
    """Characters that one live session may be sent, about four hours of speech."""
    max_attempts: int = Field(default=3, ge=1, le=10)
    """How often a job is begun before a dying worker makes it fail."""
    lease_seconds: float = Field(default=15, ge=3)
    """How long a worker that says nothing keeps its job."""
    stall_seconds: float = Field(default=30, ge=2)
    """After this long without a frame the watchdog ends the worker; loading has its own limit."""
    deadline_seconds: float = Field(default=120, ge=1)
    """Time that any job has, whatever its length."""
    deadline_factor: float = Field(default=40, ge=0)
    """Further seconds that a job has per estimated second of its audio."""
    stream_keep_seconds: float = Field(default=60, ge=2)
    """Seconds of a running job that Redis keeps for late listeners; the older is in the file."""
    job_keep_seconds: int = Field(default=86_400, ge=60)
    """How long Redis remembers a job that has ended; its output stays on disk."""

    # --- keeping outputs ---
    outputs_keep_days: float = Field(default=0, ge=0)
    """Delete outputs older than this; 0: keep them. Starred ones are never deleted."""
    outputs_max_gb: float = Field(default=0, ge=0)
    """Delete the oldest outputs for good above this size, those in the trash first; 0: no limit.

    Starred ones are never deleted.
    """
    trash_keep_days: float = Field(default=7, ge=0)
    """How long a deleted output can be restored."""
    store_text: bool = True
    """Keep texts in job records and results.

    Off, documents and plans go ten minutes after the last job that needs them. Files that a job
    delivers hold words all the same, such as subtitles; no log ever does.
    """

    # --- webhooks ---
    webhook_secret: SecretStr = SecretStr("")
    """What webhooks are signed with: `whsec_` and 24 to 64 random bytes in base64; empty: none are
    sent.

    `echo whsec_$(openssl rand -base64 32)` makes one.
    """
    webhook_allowed_hosts: Annotated[list[str], NoDecode] = []
    """The only hosts that are told, private ones too; empty: any with a public address."""
    webhook_allow_private: bool = False
    """Let webhooks go to addresses of this machine and its networks, whoever asks for it."""
    webhook_retries: Annotated[list[Annotated[float, Field(ge=0)]], NoDecode] = [
        5,
        30,
        300,
        1_800,
        7_200,
        18_000,
        28_800,
        36_000,
    ]
    """Seconds before each further attempt to deliver a webhook, a little more by chance."""

    # --- downloads ---
    hub: Literal["huggingface", "modelscope"] = "huggingface"
    """Which hub checkpoints come from."""
    hub_url: str = ""
    """Address of a mirror of that hub; empty: the hub itself."""

    # --- running ---
    api_replicas: int = Field(default=1, ge=1, le=16)
    """API processes that `make run` starts, on ports counted up from `PORT`."""
    dashboard: bool = True
    """Let `make run` start the dashboard."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged; the two lines a job of the audit always are."""
    log_format: Literal["console", "json"] = "console"
    """Lines for people or lines for machines; those for machines tell of every request."""

    # --- observability ---
    worker_metrics_host: str = "127.0.0.1"
    """Address at which the worker shows its metrics: numbers alone, and no key is asked for."""
    worker_metrics_port: int = Field(default=0, ge=0, le=65534)
    """Port of the worker's `/metrics`, usually 9100; 0: none.

    The API has them at its own `/metrics`. The worker that `CODEC_CONCURRENCY` adds takes the next
    port.
    """

    @field_validator("models_dir", "voices_dir", "outputs_dir", "run_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser() if path.expanduser().is_absolute() else ROOT / path

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        """Exact ones: with any other, every page in the world could use a visitor's browser."""
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise PydanticCustomError(
                    "origin", "each must be like https://app.example or http://localhost:3000"
                )
        return [origin.lower() for origin in origins]

    @field_validator("api_url")
    @classmethod
    def _web_address(cls, address: str) -> str:
        if address and not re.match(r"https?://[^/\s]", address):
            raise PydanticCustomError("address", "it must begin with http:// or https://")
        return address

    @field_validator("graphs", mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        """YAML reads a bare `off` as false."""
        return "off" if value is False else value

    @field_validator("webhook_secret")
    @classmethod
    def _signing_key(cls, secret: SecretStr) -> SecretStr:
        if secret.get_secret_value() and not _is_signing_key(secret.get_secret_value()):
            raise PydanticCustomError(
                "secret", "it must be whsec_ and 24 to 64 bytes in base64 behind it"
            )
        return secret

    @field_validator(
        "allowed_hosts",
        "api_keys",
        "cors_origins",
        "webhook_allowed_hosts",
        "webhook_retries",
        "worker_queues",
        mode="before",
    )
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @property
    def key_ring(self) -> Path:
        """The file of the keys that `qtts keys` makes."""
        if not self.keys_file:
            return self.run_dir / "keys.json"
        return self._absolute(Path(self.keys_file))

    @property
    def own_key(self) -> str:
        """The key that the dashboard and the Wyoming server send; empty if there is none."""
        return self.api_key.get_secret_value() or self.run_key.get_secret_value()

    @property
    def api_address(self) -> str:
        """Where a client on this machine finds the API."""
        return (self.api_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        dotenv = DotEnvSettingsSource(cls, DOTENV)
        return init_settings, env_settings, dotenv, _Profile(cls), _Defaults(cls)


class _Defaults(PydanticBaseSettingsSource):
    """The weakest layer, `configs/default.yaml`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return _read(DEFAULTS)


class _Profile(_Defaults):
    """The layer above it: the profile that a stronger layer names, or the defaults themselves."""

    def __call__(self) -> dict[str, Any]:
        profile = self.current_state.get("profile") or _read(DEFAULTS).get("profile")
        return _read(_profile_file(str(profile))) if profile else {}


def load(arguments: Sequence[str] = (), **overrides: Any) -> Settings:
    """The settings from all four layers; `arguments` are those of the command line.

    Raises ConfigurationError, which names the key, the place and the valid choices.
    """
    arguments = [_SHORT.get(word, word) for word in arguments]
    try:
        return Settings(_cli_parse_args=list(arguments), **overrides)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        # Not `from error`: what pydantic says holds the values, and some are secret.
        raise ConfigurationError(_explain(error, _layers(arguments, overrides))) from None
    except SettingsError as error:
        raise ConfigurationError(_explain_arguments(str(error), arguments)) from None


def _is_signing_key(secret: str) -> bool:
    """Whether it is one as the Standard Webhooks specification wants it."""
    prefix, _, encoded = secret.partition("_")
    try:
        return prefix == "whsec" and 24 <= len(base64.b64decode(encoded, validate=True)) <= 64
    except ValueError:
        return False


def _read(path: Path) -> dict[str, Any]:
    """The keys of a YAML file; none if it is not there. Raises ConfigurationError."""
    if not path.is_file():
        return {}
    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not YAML: {error}.") from error
    try:
        return TypeAdapter(dict[str, Any] | None).validate_python(found) or {}
    except ValidationError:
        raise ConfigurationError(f"{path} must hold `setting: value` lines.") from None


def _profile_file(profile: str) -> Path:
    files = {path.stem: path for path in CONFIGS.glob("*.yaml") if path.stem not in _NO_PROFILES}
    if profile not in files:
        raise ConfigurationError(
            f"PROFILE is {profile!r}, which is no profile in {CONFIGS}. "
            f"Choose from: {', '.join(sorted(files))}."
        )
    return files[profile]


# --- what is wrong, and where ----------------------------------------------------------------

Layer = tuple[str, dict[str, Any]]
"""What a person would call a layer, and what it holds."""


def _layers(arguments: Sequence[str], overrides: dict[str, Any]) -> list[Layer]:
    """The layers of one `load`, the strongest first."""
    layers: list[Layer] = [
        ("The command line", {**overrides, **_flags(arguments)}),
        ("The environment", {name.lower(): value for name, value in os.environ.items() if value}),
        (str(DOTENV), dict(DotEnvSettingsSource(Settings, DOTENV).env_vars)),
    ]
    defaults = (str(DEFAULTS), _read(DEFAULTS))
    named = (values["profile"] for _, values in [*layers, defaults] if values.get("profile"))
    if profile := next(named, None):
        file = _profile_file(str(profile))
        layers.append((str(file), _read(file)))
    return [*layers, defaults]


def _flags(arguments: Sequence[str]) -> dict[str, str]:
    flags: dict[str, str] = {}
    for word, following in itertools.pairwise([*arguments, ""]):
        if word.startswith("--"):
            name, _, value = word.removeprefix("--").partition("=")
            flags[name.replace("-", "_")] = value or following
    return flags


def _explain(error: ValidationError, layers: list[Layer]) -> str:
    sentences = [_explain_one(dict(fault), layers) for fault in error.errors()]
    return " ".join(dict.fromkeys(sentences))


def _explain_one(fault: dict[str, Any], layers: list[Layer]) -> str:
    key = str(fault["loc"][0]) if fault["loc"] else "?"
    place = next((place for place, held in layers if key in held), "The command line")
    if fault["type"] == "extra_forbidden":
        near = _near(key)
        advice = f"did you mean {near}?" if near else "docs/configuration.md lists the settings."
        return f"{place} has an unknown setting {key!r}: {advice}"
    choices = _choices(key)
    known = f" Choose from: {', '.join(choices)}." if choices else ""
    shown = "a value" if key in _SECRETS else repr(fault["input"])
    return f"{place} sets {key!r} to {shown}: {fault['msg']}.{known}"


def _explain_arguments(message: str, arguments: Sequence[str]) -> str:
    unknown = [flag for flag in _flags(arguments) if flag.removeprefix("no_") not in _NAMES]
    if not unknown:
        return f"The command line cannot be read: {message}."
    near = _near(unknown[0])
    advice = f"did you mean --{_kebab(near)}?" if near else "--help lists the settings."
    return f"The command line has an unknown setting '--{_kebab(unknown[0])}': {advice}"


def _near(key: str) -> str:
    return next(iter(difflib.get_close_matches(key.lower(), _NAMES, n=1)), "")


def _kebab(key: str) -> str:
    return key.replace("_", "-")


def _choices(key: str) -> list[str]:
    field = Settings.model_fields.get(key)
    is_choice = field is not None and get_origin(field.annotation) is Literal
    return [str(choice) for choice in get_args(field.annotation)] if field and is_choice else []


_NAMES = frozenset(Settings.model_fields)
_SECRETS = frozenset({"api_key", "api_keys", "run_key", "webhook_secret"})
