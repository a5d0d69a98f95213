"""The instructor's guide says what is so: its plans, its controls, what is then seen, its numbers, its links."""

import math
import re
from functools import cache

import guide
import pytest

from labkit.glossary import anchor
from labkit.lessons import decision_market as market_lesson
from labkit.mechanisms import debate, decision_market, distributed_bandits, shapley_dag, sketching, token_walks
from labkit.mechanisms import stigmergic_memory as stigmergy
from labkit.mechanisms.distributed_bandits import Problem, play
from labkit.references import references
from labkit.theme import description

PARTS = (
    "Plan",
    "What you will see",
    "What students get wrong",
    "Questions",
    "On the board",
    "When time is short",
    "Homework",
    "Reading",
)
every_lesson = pytest.mark.parametrize("number", guide.NUMBERS)


@every_lesson
def test_every_notebook_has_all_parts_of_a_plan(number):
    assert tuple(guide.lesson(number)) == PARTS


@every_lesson
def test_a_plan_fills_75_minutes(number):
    assert sum(int(row[0]) for row in guide.rows(guide.lesson(number)["Plan"])) == 75


@every_lesson
def test_a_plan_names_sections_views_and_cells_that_exist(number):
    views = set() if number == "00" else set(guide.offered(number))
    for _, _, _, where in guide.rows(guide.lesson(number)["Plan"]):
        for cell in re.findall(r"`([^`]+)`", where):
            assert cell in guide.code(number), f"no cell holds {cell}"
        for view in re.findall(r"\*([^*]+)\*", re.sub(r"`[^`]+`", "", where)):
            assert view in views, f"no panel has a view {view!r}"
        section = where.split(", ")[0]
        assert section in guide.headings(number), f"no section {section!r}"


@every_lesson
def test_a_control_it_names_is_one_of_the_panel(number):
    named = {word.replace(" ", "_") for word in re.findall(r"\*\*([a-z][a-z\d ]*)\*\*", whole(number))}
    there = {"seed"}
    for _, params, look, _ in guide.offered(number).values():
        there |= set(type(params).model_fields) | (set(type(look).model_fields) if look else set())
    assert named, "no control is moved"
    assert named <= there


@every_lesson
def test_a_move_is_allowed_and_its_control_shows_in_that_view(number):
    views = guide.offered(number)
    rows = guide.seen(number)
    assert len(rows) >= (2 if number == "00" else 6)
    for row in rows:
        _, params, look, matters = views[row.view]
        for name, value in row.settings.items():
            owner = look if look is not None and name in type(look).model_fields else params
            assert name == "seed" or name in matters or owner is look, f"{row.view} hides {name}"
            if name != "seed":
                owner.replace(**{name: guide.typed(value, getattr(owner, name))})


@pytest.mark.slow
@every_lesson
def test_what_it_says_that_is_seen_is_seen(number):
    for row, caption in guide.captions(number):
        assert row.quoted in caption, f"{row}: {caption}"


@every_lesson
def test_mistakes_questions_and_reading_are_there(number):
    parts = guide.lesson(number)
    assert len(re.findall(r"^- \*.+?\*", parts["What students get wrong"], re.MULTILINE)) >= 4
    questions = re.findall(r"^\d\. \*\*(.+?)\*\* (.+)$", parts["Questions"], re.MULTILINE)
    assert 5 <= len(questions) <= 8
    assert all("?" in question and len(reply) > 10 for question, reply in questions)
    assert re.search(r"\]\(", parts["Reading"])
    assert len(parts["On the board"].split()) > 10


@every_lesson
def test_homework_names_exercises_of_the_lesson(number):
    named = re.findall(r"\*(\w+)\*", guide.lesson(number)["Homework"])
    there = set(re.findall(r'EXERCISES\["(\w+)"\]', guide.code(number)))
    assert number == "00" or len(set(named) & there) >= 3
    assert [word for word in named if "_" in word and word not in there] == []


def whole(number):
    return "\n".join(guide.lesson(number).values())


# ------------------------------------------------------------------------------------------ numbers


@cache
def crossover(weight):
    from labkit.claims.stigmergic_memory import crossover_density

    return crossover_density(density_table(), weight).value


@cache
def density_table():
    from labkit.lessons.stigmergic_memory import recorded_density

    return recorded_density()


def scores(name):
    from labkit.claims.stigmergic_memory import PAPER_SCORES

    return 100 * (PAPER_SCORES["memory"] / PAPER_SCORES[name] - 1)


def lie(report):
    rule = decision_market.leader_first
    return float(decision_market.expected_pay(report, (0.5, 0.5), (0.6, 0.2), rule))


def plain_walk(family):
    chain = token_walks.metropolis(token_walks.ready_made(family))
    values = token_walks.spread_numbers(chain.target).values
    worse = token_walks.sampling_variance(chain, values, 0) / token_walks.independent_variance(chain, values)
    return worse, token_walks.modes(chain).eigenvalues[0]


def batches(horizon):
    return len(distributed_bandits.batch_grid(horizon, dim=5, agents=10))


WORDS = ("none", "one", "two", "three", "four", "five")
NUMBERS = (
    ("00", "{}: a density of 0.05", lambda: round(stigmergy.World().density * stigmergy.World().size ** 2)),
    ("11", "{:.0f} and", lambda: stigmergy.half_life(0.998)),
    ("11", "and {:.0f} steps. The run", lambda: stigmergy.half_life(0.985)),
    ("11", "The run has {} steps", lambda: stigmergy.World().steps),
    ("11", "It has a half-life of {:.1f}", lambda: stigmergy.half_life(0.95)),
    ("11", "{}. 1 + 0.3 x 4", lambda: WORDS[min(n for n in range(1, 6) if stigmergy.consensus(n) == 2)].capitalize()),
    ("11", "density of {:.2f} if a hazard costs 0.8", lambda: crossover(0.8)),
    ("11", "at {:.2f} for 2 points", lambda: crossover(2)),
    ("11", "at {:.3f} for 8", lambda: crossover(8)),
    ("11", "the formula gives {:.3f}", lambda: stigmergy.critical_density(0.20, 0.025, 3.5)),
    ("11", "A decay of 0.02 gives {:.3f}", lambda: stigmergy.critical_density(0.02, 0.025, 3.5)),
    ("11", "Memory gains {:.1f} %", lambda: scores("neither")),
    ("11", "it is {:.1f} %", lambda: scores("random walk")),
    ("12", "compute {:.3f}", lambda: float(debate.majority_accuracy(0.6, 3))),
    ("12", "{:.3f}. Below one half", lambda: float(debate.majority_accuracy(0.4, 51))),
    ("12", "worth one agent, {:.1f} at", lambda: float(debate.ruin_accuracy(0.6, 9, 1.0))),
    ("12", "a vote of sixteen reads {}", lambda: debate.tokens(16, 1, question=100, answer=300).read),
    (
        "13",
        "{:.3f}. There are two right gloves",
        lambda: shapley_dag.exact_shapley(shapley_dag.gloves(1, 2).utilities)[0],
    ),
    ("13", "From {:.3f}. With four", lambda: shapley_dag.coincidence_threshold(10)),
    ("13", "four mistakes it is {:.3f}", lambda: shapley_dag.coincidence_threshold(4)),
    ("13", "{:.0f} and 71 %", lambda: 100 * shapley_dag.plurality_accuracy(0.3, 10, 5)),
    ("13", "46 and {:.0f} %", lambda: 100 * shapley_dag.plurality_accuracy(0.3, 10, 13)),
    ("13", "Between {:.2f} and 0.94", lambda: min(shapley_dag.Crowd().cosines)),
    ("14", "649 / 65, which is {:.2f}", lambda: sketching.variance_factor("count", 650, 65)),
    ("14", "{:.1f} and 0.2 times one over", lambda: float(sketching.best_step(9))),
    ("14", "0.1 and {:.1f} times one over", lambda: float(sketching.stable_step(9))),
    ("14", "{}: 80 numbers", lambda: 2 * 80 * 32 + 64),
    ("14", "for delta of 1e-5?** {:.2f}", lambda: sketching.privacy_loss(10, 50, 1e-5)),
    ("14", "Half the noise gives {:.2f}", lambda: sketching.privacy_loss(5, 50, 1e-5)),
    ("15", "takes {} numbers; every sample", lambda: 2 * 10 * (5**2 + 5)),
    ("15", "{} 000. To nine others", lambda: play("central", Problem(), 1000, rng=0).numbers[0] // 1000),
    ("15", "from {} to five", lambda: WORDS[batches(1000)]),
    ("15", "from four to {}", lambda: WORDS[batches(10**6)]),
    ("15", "{} and 230. The root", lambda: distributed_bandits.gossip_steps(0.9674, agents=20, accuracy=0.01)),
    ("15", "33 and {:.0f}. The root", lambda: math.ceil(math.log(0.01 / 20) / math.log(0.9674))),
    ("15", "a star of ten needs {} steps", lambda: gossiped("star")),
    ("15", "the ring {}", lambda: gossiped("ring")),
    ("31", "{:.3f}: weights of 0.5, 1 and 2", lambda: 2 / 3.5),
    ("31", "{:.2f}. It proposes the hub", lambda: token_walks.metropolis(token_walks.make_graph(STAR)).matrix[1, 1]),
    ("31", "{:.1f} times the squared error", lambda: plain_walk("barbell")[0]),
    ("31", "an eigenvalue of {:.3f}", lambda: plain_walk("barbell")[1]),
    ("33", "The truth brings {:.4f}", lambda: lie((0.6, 0.2))),
    ("33", "the lie {:.4f}", lambda: lie((0.1, 0.2))),
    ("33", "ln 2, which is {:.3f}", lambda: decision_market.bayes_weights(2 / 3)[0]),
    ("33", "ln 4, which is {:.3f}", lambda: decision_market.bayes_weights(0.8)[0]),
    ("33", "For {} % of the pairs", lambda: re.search(r"for (\d+) %", description(market_lesson.lies()))[1]),
)
STAR = "hub a\nhub b\nhub c\nhub d"


def gossiped(graph):
    weights = distributed_bandits.gossip_weights(graph, 10)
    return distributed_bandits.gossip_steps(distributed_bandits.second_eigenvalue(weights), 10, 0.01)


@pytest.mark.parametrize(("number", "words", "value"), NUMBERS, ids=[f"{n} {w[:30]}" for n, w, _ in NUMBERS])
def test_a_number_it_states_is_what_the_code_gives(number, words, value):
    assert words.format(value()) in whole(number)


@every_lesson
def test_a_number_quoted_from_a_panel_stands_in_what_is_seen_or_in_the_notebook(number):
    """What is said of a view in the mistakes is quoted from the table above them, or printed by the notebook."""
    known = guide.lesson(number)["What you will see"] + guide.lesson(number)["Questions"] + guide.text(number)
    for figure in re.findall(r"(?<![\d.])\d+\.\d{2,}", guide.lesson(number)["What students get wrong"]):
        assert figure in known, f"{figure} is said without a source"


# -------------------------------------------------------------------------------------------- links


def test_links_lead_somewhere():
    text = guide.GUIDE.read_text()
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", text):
        path, _, fragment = target.partition("#")
        assert not path or (guide.GUIDE.parent / path).is_file(), target
        assert path or fragment in anchors(text), target


def test_an_anchor_is_one_on_github_and_in_jupyterlab():
    text = '<a id="here"></a>\n\n## Over There\n\n### below'
    assert anchors(text) == {"here", "below"}


def anchors(text):
    """Return what can be linked to everywhere: anchors, and headings that GitHub and JupyterLab name alike."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    alike = {anchor(heading) for heading in headings if anchor(heading) == heading.replace(" ", "-")}
    return alike | set(re.findall(r'^<a id="([\w-]+)"></a>$', text, re.MULTILINE))


@every_lesson
def test_what_it_tells_to_read_is_cited_in_the_repository(number):
    known = guide.text(number) + "".join(each.address for each in references().values())
    for address in re.findall(r"\]\((https?://(?:[^()]|\([^()]*\))+)\)", guide.lesson(number)["Reading"]):
        assert address in known, address


def test_the_syllabi_hold_every_lesson_and_five_and_fourteen_sessions():
    parts = guide.sections(guide.GUIDE.read_text(), "##")
    short, long = parts["Five sessions"], parts["Fourteen sessions"]
    assert [row[0] for row in guide.rows(short.split("One thread")[0])] == [str(n) for n in range(1, 6)]
    assert [row[0] for row in guide.rows(long)] == [str(n) for n in range(1, 15)]
    for number in guide.NUMBERS:
        assert re.search(rf"\b{number} ", long), number
    exercises = {name for number in guide.NUMBERS for name in re.findall(r'EXERCISES\["(\w+)"\]', guide.code(number))}
    named = set(re.findall(r"\*(\w+_\w+)\*", short + long))
    assert named <= exercises
    assert len(guide.sections(parts["Rubric"], "###")) == 0 and parts["Rubric"].count("| not yet |") == 4
