"""Fast numerical routines on plain arrays, without a word of astronomy."""
