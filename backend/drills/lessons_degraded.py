"""Lessons are given without a voice: they arrive, and lack a part."""

from typing import Final

from drills import provider_failing
from tocsin.rehearsal.drills.declared import Cause

CAUSE: Final = Cause(
    alert="LessonsDegraded",
    deed="lessons are given without a voice",
    cause=provider_failing.cause,
    mend=provider_failing.mend,
    may=frozenset({"ProviderFailing", "LessonsFailing"}),
)
