"""Assignments: a course of nbgrader from the exercises of the lessons, their checks and their worked solutions.

What nbgrader hands out holds neither solutions nor tests of the answers. But labkit itself holds both, as any open
course does: who looks into ``labkit/lessons`` finds them, and a lesson checks an answer as often as one likes. What
helps: the last question is answered in prose and marked by a reader; and an instructor may change a number in
``source/`` and write the test of it by hand, as in ``assert abs(share - 0.784) < 0.002``.
"""

from labkit.assignment._course import Course, listed, next_steps, write
from labkit.assignment._grading import NotRight, expect, require
from labkit.assignment._lesson import Material, Task, material, stems

__all__ = [
    "Course", "Material", "NotRight", "Task",
    "expect", "listed", "material", "next_steps", "require", "stems", "write",
]  # fmt: skip
