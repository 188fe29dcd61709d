"""What the flags of a gap filling mean, for those who write them and those who read them."""

OBSERVED = 0
STAGE_A = 1
STAGE_B = 2
UNFILLED = 255

#: Flags of values that a gap filling made.
FILLED_FLAGS = (STAGE_A, STAGE_B)
