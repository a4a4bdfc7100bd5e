"""Why a message is no signal: every code the parser gives, with the sentence that the follower sees."""

from shared.domain.codes import READINGS

REASONS: dict[str, str] = {reading.code: reading.sentence for reading in READINGS}
