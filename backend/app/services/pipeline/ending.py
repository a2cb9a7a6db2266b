"""How a request ends, and the work in between: what the stages have made so far."""

from dataclasses import dataclass, field
from datetime import datetime

from app.core.vocabulary import ErrorType, Modality, Outcome, StageStatus, Status
from app.services.artefacts import Workspace
from app.services.provider.contract import Narration, Passage, Question, Script


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a request ends."""

    outcome: Outcome
    error_type: ErrorType | None = None
    questions: tuple[str, ...] = ()

    @property
    def has_lesson(self) -> bool:
        """Whether the student gets something to learn from."""
        return self.outcome in (Outcome.COMPLETED, Outcome.DEGRADED)

    @property
    def status(self) -> Status:
        """The request's last status."""
        return Status.COMPLETED if self.has_lesson else Status(self.outcome.value)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What the row told when it was taken up."""

    question: Question
    modalities: frozenset[Modality]
    progress: float
    created_at: datetime
    script: Script | None
    artefact: str | None
    artefact_bytes: int | None
    degraded: bool
    """Whether an earlier worker had to leave a part out."""

    @property
    def wants_sound(self) -> bool:
        """Whether there is anything to be spoken: a film has a voice too."""
        return bool(self.modalities & {Modality.AUDIO, Modality.VIDEO})

    @property
    def wants_pictures(self) -> bool:
        """Whether there is anything to be filmed."""
        return Modality.VIDEO in self.modalities


@dataclass(kw_only=True)
class Work:
    """What the stages of one taking have made so far; each adds its part."""

    job: Job
    workspace: Workspace
    passages: tuple[Passage, ...] = ()
    script: Script | None = None
    narration: Narration | None = None
    artefact: str | None = None
    artefact_bytes: int | None = None
    degraded: bool = False

    @classmethod
    def on(cls, job: Job, workspace: Workspace) -> "Work":
        """Begin with what an earlier worker has stored."""
        return cls(
            job=job,
            workspace=workspace,
            script=job.script,
            artefact=job.artefact,
            artefact_bytes=job.artefact_bytes,
            # Without its artefact the narration is made anew, and may succeed this time.
            degraded=job.degraded and job.artefact is not None,
        )


@dataclass(frozen=True, kw_only=True)
class StageResult:
    """What one attempt at a stage came to, if it did not fail."""

    status: StageStatus = StageStatus.COMPLETED
    ending: Ending | None = field(default=None)
    """Set when the request ends here."""
