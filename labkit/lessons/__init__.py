"""Lessons: what each notebook needs beyond prose: its panels, bets and exercises."""
