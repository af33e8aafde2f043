"""Numbers over several steps: the history of a pixel, cuts, statistics, amplifiers, the overscan. No Qt, no plots."""
