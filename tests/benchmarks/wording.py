"""The words of the report that do not depend on what was measured, and how it writes numbers."""

from __future__ import annotations

from labkit.stats import Estimate

HOW_TO_READ = """## How to read it

A ratio says how many times as long the other side takes for the same work. 50 means that labkit does in one second what
the other does in fifty; 0.5 means that labkit takes twice as long. The brackets hold the 95 % interval. A ratio of one
run holds on other machines far better than a time does, so compare ratios and forget the times.

Speed is not all that a library is for. The peers do more than labkit: Mesa runs any model, shap explains any
classifier, AutoGen drives tools and people. They pay for that at every step. What the table shows is the price of being
general where the special case is all one needs.

"numba loop" is no library: it is the mechanism written as a plain loop and compiled. It tells what labkit gives away by
staying with numpy. Compiling it takes seconds, once, which is not counted; numba is not among what labkit needs. The
whole rule of the stigmergic world has no such form here.

Every row has a check that both sides did the same work. The limit tells what could be won at all: it is the time of one
thing that the work cannot do without, such as reading the table once."""

NOTES = {
    "Stigmergic world": """
In the peers agents move one by one, in labkit all at once. For the check the peers' agents move all at once too, and
food and hazards per agent are compared over many runs. The peers' models have run for 20 steps before they are timed,
so that marks lie on the ground.""",
    "Exact Shapley values": """
labkit takes the table of all coalitions as it is. shap, shapiq and pyDVL look each coalition up through a function,
since their games need not be tables.""",
    "Debate, beliefs": """
For the check all sides read the same random numbers. When they are timed, each draws its own.""",
    "Debate, orchestration": """
"labkit" puts the calls of a round at once, in threads; the peers do the same on an event loop, but for the group
chat, whose agents speak one after another. "openai client alone" sends the same requests through the client that all
three stand on: what a library adds is what lies above it. Without a server a function answers at once, labkit
puts one call after another, and nothing but the orchestration is left.""",
    "Sketches": """
"labkit" is its default, "blocks", which turns the coordinates block by block: a weaker kind of chance than scipy's
matrix, which is drawn column by column. Results are compared where both hold one and the same matrix, with labkit's
table form. All get the vectors as rows; "columns given" means that scipy gets a copy turned round beforehand, as it
likes them. Among four entries per column, labkit and scikit-learn hold the same matrix throughout.""",
    "Linear bandits": """
Contexts and rewards are drawn beforehand on all sides. A peer is one agent, so its time does not depend on how many
labkit plays side by side. For the check every side is fed the same choices and rewards, and has to choose the same
arm.""",
}
"""What has to be known about a comparison before its numbers are read."""

GROWTH = """Time is fitted as a power of size, by least squares on a logarithmic scale over all samples; the brackets
hold the 95 % interval. An exponent of 1 means that twice the size takes twice the time. Over the whole range it comes
out lower where small sizes pay mostly for the call itself. The upper end, the three largest sizes, tells how it goes
on: clearly above 1 there means that the numbers no longer fit into the processor's caches."""

METHOD = """## Method

pytest-benchmark runs it, in one process and one run. In each round every side runs once, in an order drawn anew; a
short call is repeated until a sample takes 20 ms. Times are medians over the rounds, in processor time unless the table
says wall time. A ratio is the geometric mean over the rounds of the quotient of two samples from the same round; its
interval is Student's, on logarithms. All sides work in one thread, except that a debate may put several calls at once.
The server that answers at once is a process of its own, so that its work is not counted.

The peers are pinned in `requirements.txt` beside this file. Some of them ask for older packages than labkit runs on;
they are installed without their dependencies and run with labkit's versions of numpy, protobuf and pandas. obp's LinUCB
is loaded without the package around it, which wants torch."""


def ratio_text(found: Estimate) -> str:
    return f"{digits(found.value)} [{digits(found.low)}, {digits(found.high)}]"


def exponent_text(found: Estimate) -> str:
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def digits(number: float) -> str:
    """Return a number with three digits that count, two where it is below 1."""
    if number >= 100:
        return f"{float(f'{number:.3g}'):,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}" if number >= 0.1 else f"{number:.2g}"


def seconds_text(seconds: float) -> str:
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
