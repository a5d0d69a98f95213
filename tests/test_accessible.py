"""Figures for every eye: colours that can be told apart, words that can be read, nothing that moves of itself."""

import itertools
import re
from pathlib import Path

import pytest
from colours import DEFICIENCIES, contrast, distance, lab, linear
from looks import faint_words, lonely_bands, told_by_colour_alone

import labkit
from labkit import theme
from labkit.atlas._picture import picture

# A distance of about 2 is just seen when two patches touch; thin lines that lie apart need several times that.
APART = 15

# ------------------------------------------------------------------------------------------------------- the palette


def test_the_instruments_give_known_values():
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.01)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    # Red and green of equal lightness: far apart, but not for an eye without red cones or without green ones.
    red, green = "#c0504d", "#6d7f33"
    assert distance(red, green) > 60
    assert distance(red, green, "deuteranopia") < 15


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(theme.PALETTE, 2)))
def test_colours_are_told_apart_by_every_eye(one, other, deficiency):
    assert distance(theme.PALETTE[one], theme.PALETTE[other], deficiency) > APART


def test_styles_are_told_apart_by_their_dash_alone_and_by_their_marker_alone():
    styles = [theme.styled(name) for name in theme.PALETTE]
    assert len({style.dash for style in styles}) == len(styles)
    assert len({style.symbol for style in styles}) == len(styles)


@pytest.mark.parametrize("name", theme.PALETTE)
def test_words_in_a_colour_of_the_palette_can_be_read(name):
    style = theme.styled(name)
    assert contrast(style.text, theme.PAPER) >= 4.5
    assert style.text.lower() == style.color.lower() or contrast(style.color, theme.PAPER) < 4.5


# ------------------------------------------------------------------------------------------- descriptions and motion


def test_the_looks_of_a_figure_are_judged_rightly():
    fig = theme.figure()
    blue, vermilion = theme.styled("blue"), theme.styled("vermilion")
    same = theme.Style(vermilion.color, blue.dash, blue.symbol)
    fig.add_traces([theme.line([0, 1], [0, 1], blue, "a"), theme.line([0, 1], [1, 0], vermilion, "b")])
    assert told_by_colour_alone(fig) == []
    fig.add_trace(theme.line([0, 1], [2, 2], same, "c"))
    assert told_by_colour_alone(fig) == ["'a' and 'c'"]
    fig.add_trace(theme.direct_labels([1], [2], ["c"], [same], span=(0, 2)))
    assert told_by_colour_alone(fig) == []
    assert faint_words(fig) == []
    fig.add_annotation(text="<b style='color:#E69F00'>faint</b>")
    assert faint_words(fig) == ["#E69F00"]
    fig.add_trace(theme.band([0, 1], [0, 0], [1, 1], theme.styled("sky"), "d"))
    assert lonely_bands(fig) == []
    fig.add_trace(theme.band([0, 1], [0, 0], [1, 1], vermilion, "b"))
    assert lonely_bands(fig) == ["rgba(86,180,233,0.16)"]


def test_the_map_of_the_papers_speaks_to_every_eye():
    assert told_by_colour_alone(picture()) == faint_words(picture()) == []


def test_nothing_moves_of_itself():
    """Transitions and animations are there only for readers who have not asked for less motion."""
    moving = re.compile(r"(?:transition|animation)(?:-\w+)? ?: ?[^;]*\d m?s|@keyframes|<marquee|<blink")
    pages = [path for path in Path(labkit.__file__).parent.rglob("*") if path.suffix in {".css", ".js", ".py"}]
    assert len(pages) > 100
    restless = [
        path for path in pages if moving.search(text := path.read_text()) and "prefers-reduced-motion" not in text
    ]
    assert restless == []
