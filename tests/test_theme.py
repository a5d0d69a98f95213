"""The look: styles, paper, traces, the sentence and the numbers behind a figure."""

import base64
import io

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labkit import theme
from labkit.theme._traces import _apart

STYLE = theme.styled("blue")


def test_styles_differ_without_their_colour():
    styles = [theme.styled(i) for i in range(len(theme.PALETTE))]
    assert len(styles) >= 7
    assert len({style.color for style in styles}) == len(styles)
    assert len({(style.dash, style.symbol) for style in styles}) == len(styles)
    assert theme.styled(0) == theme.styled("blue") == theme.styled(len(styles))


def test_an_unknown_style_is_refused_by_name():
    with pytest.raises(ValueError, match="'pink'.*vermilion"):
        theme.styled("pink")


def _luminance(color):
    parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("color", [theme.INK, theme.SUBDUED])
def test_text_has_contrast_on_the_paper(color):
    # WCAG 2.1, 1.4.3: 4.5 to 1 for text.
    assert 1.05 / (_luminance(color) + 0.05) > 4.5


def test_paper_is_the_size_asked_for_and_titled():
    fig = theme.panels(2, 3, titles=("a", "", "c"), x="time, steps", y=["p", "q"], pictures=(1,), height=500)
    domains = [fig.layout[f"xaxis{n}"].domain for n in ("", 2, 3)]
    assert all(0 <= low < high <= 1 for low, high in domains)
    assert domains[0][1] < domains[1][0] < domains[1][1] < domains[2][0]
    assert fig.layout.yaxis.domain[0] > fig.layout.yaxis4.domain[1]
    assert [note.text for note in fig.layout.annotations] == ["a", "c"]
    assert fig.layout.xaxis6.title.text == "time, steps"
    assert [fig.layout.yaxis.title.text, fig.layout.yaxis2.title.text, fig.layout.yaxis3.title.text] == ["p", "q", ""]
    assert fig.layout.yaxis.scaleanchor == "x"
    assert fig.layout.height == 500


def test_traces_hold_flat_floats_which_travel_as_bytes():
    y = [1, 2, 3]
    traces = [
        theme.line(y, y, STYLE, "a"),
        theme.points(y, y, STYLE, "a", error=y),
        theme.band(y, y, y, STYLE, "a", panel=2),
        theme.theory(y, y, "a"),
        theme.reported(y, y, "a"),
    ]
    for trace in go.Figure(traces[:2] + traces[3:]).data:
        assert (trace.x.dtype, trace.y.dtype) == (np.float64, np.float64)
        assert trace.x.ndim == trace.y.ndim == 1
    assert traces[2]["xaxis"] == "x2"
    assert theme.line(np.zeros(2, np.float32), np.zeros(2, np.float32), STYLE, "a")["y"].dtype == np.float32


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.01, 0.2))
def test_labels_stand_apart_in_the_order_of_their_lines(heights, distance):
    heights = np.array(heights)
    moved = _apart(heights, distance)
    order = np.argsort(heights, kind="stable")
    assert (np.diff(moved[order]) >= distance - 1e-9).all()
    assert moved.mean() == pytest.approx(heights.mean())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_labels_stay_on_the_panel(heights):
    moved = theme.direct_labels(9.0, heights, ["x"] * len(heights), [STYLE] * len(heights), span=(0, 1))["y"]
    assert moved.min() >= -1e-9
    assert moved.max() <= 1 + 1e-9
    assert (np.diff(np.sort(moved)) >= 0.065 - 1e-9).all()


def test_labels_that_have_room_stay_at_their_lines():
    labels = theme.direct_labels(9.0, [0.1, 0.9], ["low", "high"], [STYLE, STYLE], span=(0, 1))
    assert labels["y"].tolist() == pytest.approx([0.1, 0.9])
    assert labels["x"].tolist() == [9.0, 9.0]


def test_a_picture_keeps_every_pixel():
    rgb = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    uri = theme.image(rgb)["source"]
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    assert (np.asarray(Image.open(io.BytesIO(data))) == rgb).all()


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match="float64.*uint8"):
        theme.png_uri(np.zeros((2, 2, 3)))


def test_the_sentence_is_stored_and_found():
    assert theme.description(go.Figure()) == ""
    assert theme.description(theme.describe(theme.figure(), "A line rises.")) == "A line rises."


def test_the_numbers_behind_a_figure():
    fig = theme.panels(1, 2, x="time, steps", y=("food", "hits"))
    fig.add_traces(
        [
            theme.line([0, 1], [2, 3], STYLE, "mean"),
            theme.band([0, 1], [1, 2], [3, 4], STYLE, "interval"),
            theme.points([5], [6], STYLE, "end", error=[0.5], panel=2),
            theme.direct_labels([1], [3], ["mean"], [STYLE], span=(0, 4)),
            theme.image(np.zeros((2, 2, 3), np.uint8), "grid"),
        ]
    )
    data = theme.data_of(fig).set_index("trace")
    assert data.loc["mean", "y"].tolist() == [2, 3]
    assert data.loc["mean", ["x_axis", "y_axis"]].values.tolist() == [["time, steps", "food"]] * 2
    assert data.loc["interval", ["x", "lower", "upper"]].values.tolist() == [[0, 1, 3], [1, 2, 4]]
    assert data.loc["end", ["y", "lower", "upper"]].tolist() == [6, 5.5, 6.5]
    assert data.loc["end", "y_axis"] == "hits"
    assert set(data.index) == {"mean", "interval", "end"}


def test_a_figure_without_numbers_gives_no_rows():
    assert theme.data_of(theme.figure()).empty


def test_two_sided_colours_tell_the_signs_apart():
    below, zero, above = theme.two_sided(np.array([[-2.0, 0.0, 2.0]]))[0].tolist()
    assert zero == [255, 255, 255]
    assert below == [0, 114, 178]
    assert above == [213, 94, 0]
    assert theme.two_sided(np.zeros((1, 2))).tolist() == [[[255, 255, 255]] * 2]
