"""Every error that a person can meet: one base, with code and HTTP status on the class."""

from typing import Any, ClassVar


class SpeechError(Exception):
    """What happened, where (`param`) and what to do next (`hint`), said to a person."""

    code: str = "internal_error"
    status: int = 500
    type: ClassVar[str] = "server_error"
    hint: ClassVar[str | None] = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.next_step = hint or self.hint
        self.retry_after = retry_after
        """Seconds after which trying again makes sense; sent as `Retry-After`."""

    def body(self) -> dict[str, Any]:
        """The one error body that every surface sends."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
                "hint": self.next_step,
            }
        }


class InternalError(SpeechError):
    """A fault of ours; the log has the details."""


# --- what the client sent -------------------------------------------------------------------


class InvalidRequest(SpeechError):
    """The body does not fit the contract."""

    code = "invalid_request"
    status = 422
    type = "invalid_request_error"


class NothingToSay(InvalidRequest):
    """The text is empty, or nothing in it can be spoken."""

    code = "nothing_to_say"
    hint = "Send text with at least one letter or digit."


class TextTooLong(InvalidRequest):
    """The text is longer than the task allows."""

    code = "text_too_long"
    hint = "Split the text into several jobs."


class JobTooLong(InvalidRequest):
    """The audio would last longer than one job's may."""

    code = "job_too_long"
    hint = "Split it into several jobs, or raise MAX_JOB_SECONDS."


class UnknownSpeaker(InvalidRequest):
    """There is no preset speaker of that name."""

    code = "unknown_speaker"
    hint = "GET /v1/speakers lists the speakers."


class UnknownLanguage(InvalidRequest):
    """There is no language of that name or code."""

    code = "unknown_language"
    hint = "GET /v1/languages lists the languages."


class UnknownField(InvalidRequest):
    """The body has a field that the task does not know."""

    code = "unknown_field"


class UnknownFormat(InvalidRequest):
    """There is no audio format of that name."""

    code = "unknown_format"


class UnreadableAudio(InvalidRequest):
    """A file that should be audio is not, or is damaged."""

    code = "unreadable_audio"
    hint = "Send a file that an ordinary player can play."


class AudioTooLong(InvalidRequest):
    """A recording lasts longer than is taken."""

    code = "audio_too_long"
    hint = "Cut it, and send the part that matters; MAX_AUDIO_SECONDS is the limit of codec tasks."


class UnsuitableReference(InvalidRequest):
    """A recording from which no voice can be cloned: too short, too long, silent, telephone."""

    code = "unsuitable_reference"
    hint = "Send 3 to 60 seconds of one person speaking, at 16 kHz or more; 10 to 20 s are best."


class TranscriptMismatch(InvalidRequest):
    """The transcript cannot be what the recording says: nobody speaks that fast."""

    code = "transcript_mismatch"
    hint = "Send every word of the recording and no other, or leave the transcript out."


class UnreadableCodes(InvalidRequest):
    """A file that should hold codes of the codec does not."""

    code = "unreadable_codes"
    hint = "Send what `codec_encode` wrote: `codes.npz` or `codes.json`."


class UnreadableVoice(InvalidRequest):
    """A file that should hold a voice does not, or holds what none may."""

    code = "unreadable_voice"
    hint = "Send a zip that `GET /v1/voices/{id}/export` made, or the package's own prompt file."


class UnreadableDocument(InvalidRequest):
    """A file that should be a document is none, or is damaged."""

    code = "unreadable_document"
    hint = "Send plain text, Markdown, EPUB, DOCX, or what else the task reads."


class UnreadablePicture(InvalidRequest):
    """A file that should be a picture is not, or is larger than one may be."""

    code = "unreadable_picture"
    hint = "Send a JPEG or PNG of at most 10 MB."


class PlanningFailed(InvalidRequest):
    """Making the plan of a document took more memory or time than it may, or broke down."""

    code = "planning_failed"
    hint = "Send the document in parts, or as plain text."


class UnknownEmotion(InvalidRequest):
    """There is no emotion of that name."""

    code = "unknown_emotion"
    hint = "GET /v1/emotions lists the emotions."


class IdempotencyConflict(InvalidRequest):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_conflict"
    hint = "Use a new Idempotency-Key for a new request."


class WebhookRefused(InvalidRequest):
    """A webhook goes where the service does not go."""

    code = "webhook_refused"


class WebhooksOff(InvalidRequest):
    """The service has no secret to sign webhooks with."""

    code = "webhooks_off"
    hint = "Set WEBHOOK_SECRET, or follow the job's events."


class BodyTooLarge(InvalidRequest):
    """The body has more bytes than the service takes."""

    code = "body_too_large"
    status = 413
    hint = "Send less; MAX_UPLOAD_MB sets the limit for files."


class InputTimeout(InvalidRequest):
    """A client that was to say something said nothing for too long."""

    code = "input_timeout"
    status = 408
    hint = "Send text while there is some, and say when there is no more."


class NotFound(SpeechError):
    """There is nothing at this address."""

    code = "not_found"
    status = 404
    type = "invalid_request_error"


class UnknownTask(NotFound):
    """There is no task or pipeline of that name."""

    code = "unknown_task"
    hint = "GET /v1/tasks lists the tasks."


class UnknownJob(NotFound):
    """There is no job of that id, in the queue or among the outputs."""

    code = "unknown_job"
    hint = "GET /v1/jobs lists the jobs that are known; results are under GET /v1/outputs."


class UnknownBatch(NotFound):
    """There is no batch of that id, or its jobs ended long ago."""

    code = "unknown_batch"
    hint = "Batches are remembered as long as jobs are (JOB_KEEP_SECONDS)."


class UnknownOutput(NotFound):
    """There is no output of that id."""

    code = "unknown_output"
    hint = "GET /v1/outputs lists what there is."


class UnknownModel(NotFound):
    """There is no checkpoint of that id."""

    code = "unknown_model"
    hint = "GET /v1/models lists the checkpoints."


class ModelNotFound(UnknownModel):
    """There is no model of that name, neither a checkpoint nor a name of another service's."""

    code = "model_not_found"


class UnknownVoice(NotFound):
    """There is no voice of that id."""

    code = "unknown_voice"
    hint = "GET /v1/voices lists the voices."


class UnknownPreset(NotFound):
    """There is no preset of that name."""

    code = "unknown_preset"
    hint = "GET /v1/presets lists the presets."


class UnknownUpload(NotFound):
    """There is no file of that id: it was never sent, or was kept as long as files are."""

    code = "unknown_upload"
    hint = "Send the file again: POST /v1/uploads."


class NoSample(NotFound):
    """Nobody has made a sample of this voice yet."""

    code = "no_sample"
    hint = "Let the voice speak, then PUT the job to the voice's `sample`."


class UnknownFile(NotFound):
    """The job has no file of that name."""

    code = "unknown_file"
    hint = "The job's `result` names its files."


class UnknownLine(NotFound):
    """The output has no such line, or the line no such take."""

    code = "unknown_line"
    hint = "GET /v1/outputs/{id}/lines lists them."


class UnknownKey(NotFound):
    """There is no API key of that id or name."""

    code = "unknown_key"
    hint = "`qtts keys list` shows the keys."


class Conflict(SpeechError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"
    status = 409
    type = "invalid_request_error"


class VoiceInUse(Conflict):
    """A job that waits or runs speaks with this voice."""

    code = "voice_in_use"
    hint = "Wait for the job to end, or cancel it."


class Superseded(Conflict):
    """A later attempt has taken over what this one was making."""

    code = "superseded"


class AlreadyEnded(Conflict):
    """The job has ended, so it cannot be stopped."""

    code = "already_ended"


class NotPausable(Conflict):
    """Only a pipeline can be paused, between two of its lines."""

    code = "not_pausable"
    hint = "Cancel it, and POST to its `again` later."


class AudioNotReady(Conflict):
    """The job has not finished its audio yet."""

    code = "audio_not_ready"
    hint = "Wait until the job has succeeded, or add ?follow=1 to hear it while it grows."


class NoWordTimes(Conflict):
    """Nobody knows when the words of this recording are heard."""

    code = "no_word_times"
    hint = "Ask for them with `words: true`, where the engine tells or an aligner is set up."


class NoAudio(Conflict):
    """The job has ended, and there is no audio of it."""

    code = "no_audio"
    hint = "POST to the job's `again` to make it once more."


class RangeNotSatisfiable(InvalidRequest):
    """The Range header asks for bytes beyond the end of the file."""

    code = "range_not_satisfiable"
    status = 416


class Unauthorized(SpeechError):
    """The API key is missing or wrong."""

    code = "unauthorized"
    status = 401
    type = "authentication_error"
    hint = "Send `Authorization: Bearer <key>`."


class ForbiddenScope(SpeechError):
    """The API key is good, but not for this."""

    code = "forbidden_scope"
    status = 403
    type = "permission_error"
    hint = "Use a key that has this scope; `qtts keys list` shows the scopes of each."


class ForbiddenHost(SpeechError):
    """The Host or Origin header carries a name that this service does not answer to."""

    code = "forbidden_host"
    status = 403
    type = "authentication_error"
    hint = "Add the name to ALLOWED_HOSTS; for a page of another site, its origin to CORS_ORIGINS."


# --- when there is no room ------------------------------------------------------------------


class QueueFull(SpeechError):
    """As many jobs wait or run as the service takes."""

    code = "queue_full"
    status = 503
    hint = "Try again after the time in Retry-After."


class TooManyJobs(SpeechError):
    """One client has as many jobs waiting as it may have."""

    code = "too_many_jobs"
    status = 429
    type = "rate_limit_error"
    hint = "Wait for one of your jobs to end, or cancel one."


class TooManyContexts(SpeechError):
    """One socket has as many contexts as it may have."""

    code = "too_many_contexts"
    status = 429
    type = "rate_limit_error"
    hint = "Close a context, or wait for the last message of one that is closed."


class RateLimited(SpeechError):
    """One key has sent as many requests as it may in a minute."""

    code = "rate_limited"
    status = 429
    type = "rate_limit_error"
    hint = "Try again after the time in Retry-After."


class TooManyFiles(SpeechError):
    """As many files are being sent at once as there is room for."""

    code = "too_many_files"
    status = 503
    hint = "Try again after the time in Retry-After."


class PlannersBusy(SpeechError):
    """As many documents wait for their plan as there is room for."""

    code = "planners_busy"
    status = 503
    hint = "Try again after the time in Retry-After."


class QueueUnavailable(SpeechError):
    """Redis does not answer."""

    code = "queue_unavailable"
    status = 503
    hint = "The service recovers by itself when Redis is back."


class ServiceStopping(SpeechError):
    """The service was told to stop while somebody listened; the job itself goes on."""

    code = "service_stopping"
    status = 503
    hint = "Ask again from where you are, once the service is back."


class StoreUnavailable(SpeechError):
    """The outputs or voices folder cannot be written or read."""

    code = "store_unavailable"
    status = 503
    hint = "Check that the folder exists, is writable and has free space."


class RecordDamaged(SpeechError):
    """A file that describes an output or a voice cannot be understood."""

    code = "record_damaged"
    hint = "Restore that folder from a backup, or move it away."


# --- what went wrong while speaking ---------------------------------------------------------


class JobFailed(SpeechError):
    """A job ended without its audio."""

    code = "job_failed"


class DeadlineExceeded(JobFailed):
    """The job took longer than its text allows."""

    code = "deadline_exceeded"
    status = 504
    hint = "Shorten the text, or raise DEADLINE_SECONDS."


class WorkerLost(JobFailed):
    """The worker died as often as it may."""

    code = "worker_lost"


class JobLost(JobFailed):
    """The queue lost the job's record before the job ended."""

    code = "job_lost"
    hint = "Submit it again."


class EngineUnavailable(JobFailed):
    """The configured engine cannot run here."""

    code = "engine_unavailable"
    status = 503
    hint = "`qtts doctor` says what this machine can run."


class EngineFailed(JobFailed):
    """The engine refused or broke on this request."""

    code = "engine_failed"


class EnginePoisoned(EngineFailed):
    """A CUDA error after which this process can compute nothing more: the worker must end."""

    code = "engine_poisoned"
    hint = "The worker starts again by itself; if it recurs, set PRECISION=fp32."


class ModelTooLarge(EngineFailed):
    """A checkpoint takes more memory than models may."""

    code = "model_too_large"
    status = 503
    hint = "Raise VRAM_BUDGET_GB, or ask for a smaller checkpoint: `size`, or MODEL_SIZE."


class CueTooLong(JobFailed):
    """A cue does not fit into its time, however fast it is spoken."""

    code = "cue_too_long"
    hint = (
        "Shorten it, raise `hard_rate`, or let `overrun` be `shift`, `overlap` or `cut`; sent "
        "again with this job in `continues`, nothing is spoken twice."
    )


class RunawaySpeech(EngineFailed):
    """The model did not end its speech within the bound set by the text, time after time."""

    code = "runaway_speech"
    hint = "Try another seed or shorter sentences."


class WorkerBusy(SpeechError):
    """As many questions wait for a worker's answer as may."""

    code = "worker_busy"
    status = 503
    hint = "Try again after the time in Retry-After."


class WorkerSilent(SpeechError):
    """No worker answered a question in time."""

    code = "worker_silent"
    status = 503
    hint = "`qtts status` says whether a worker runs, and what it is at."


class CheckpointMissing(JobFailed):
    """The checkpoint that the task needs is not on this machine."""

    code = "checkpoint_missing"
    status = 503
    hint = "`qtts models pull` downloads it."


class CheckpointDamaged(JobFailed):
    """Files of the checkpoint are missing, truncated or altered."""

    code = "checkpoint_damaged"
    hint = "`qtts models verify` names the damaged file; `qtts models pull` downloads it again."


class CheckpointUnfit(JobFailed):
    """The checkpoint is of a type that cannot do this task."""

    code = "checkpoint_unfit"
    status = 422
    type = "invalid_request_error"


class DownloadFailed(SpeechError):
    """A checkpoint could not be downloaded."""

    code = "download_failed"
    status = 502


class DownloadStopped(DownloadFailed):
    """Somebody asked the download to stop; what came so far is kept."""

    code = "download_stopped"
    status = 409


class DownloadRunning(Conflict):
    """Another process is downloading the same checkpoint."""

    code = "download_running"


# --- before anything starts -----------------------------------------------------------------


class ConfigurationError(SpeechError):
    """A setting is unknown or out of range; the message names key, place and choices."""

    code = "configuration_error"


class IllegalTransition(SpeechError):
    """A job was asked to take a step that its state does not allow: a fault of ours."""

    code = "illegal_transition"
