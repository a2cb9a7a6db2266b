"""What a store is asked for: the label of its failures."""

from typing import Literal

Purpose = Literal["limits", "lockouts", "revocations"]
