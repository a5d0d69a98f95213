"""What the papers claim: one file per mechanism, each claim a short function that measures it."""
