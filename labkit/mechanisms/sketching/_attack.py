"""Reading a sample from its gradient: gradient leakage, with a sketch and without.

The attack is that of the paper as others report it: minimise ``|R grad F(w, x) - y|^2`` over the input x. The
optimiser (Levenberg and Marquardt, with restarts) and the model (softmax regression) are our choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.mechanisms.sketching._problem import Floats, Ints, one_hot
from labkit.mechanisms.sketching._sketch import Sketch
from labkit.seeds import Seed, as_generator

STEPS = 60
TINY = 1e-20


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the attacker believes.

    Attributes
    ----------
    inputs : ndarray of float, shape (batch, width)
        The samples.
    labels : ndarray of int, shape (batch,)
        Their classes.
    misfit : float
        Squared distance of the message they would give from the one observed, over the latter's squared length.
    steps : int
        Steps of the optimiser, over all restarts and labels; 0 where a closed form was enough.
    """

    inputs: Floats
    labels: Ints
    misfit: float
    steps: int


def message(
    weights: ArrayLike, inputs: ArrayLike, labels: ArrayLike, *, local_steps: int = 1, local_step: float = 1.0
) -> NDArray[Any]:
    """Return what a client of softmax regression sends: the mean gradient along its local steps, in a line.

    Parameters
    ----------
    weights : array_like, shape (width + 1, classes)
        The model; its last row is the constant.
    inputs : array_like, shape (..., batch, width)
        Samples; may be complex.
    labels : array_like of int, shape (batch,)
        Their classes.
    local_steps : int
        How many steps the client takes; with 1 the message is the gradient.
    local_step : float
        Their length.

    Returns
    -------
    ndarray, shape (..., (width + 1) · classes)
    """
    given = np.asarray(inputs)
    ones = np.ones((*given.shape[:-1], 1), given.dtype)
    x, model, total = np.concatenate([given, ones], axis=-1), np.asarray(weights), 0.0
    wanted = one_hot(labels, model.shape[-1])
    for _ in range(local_steps):
        logits = x @ model
        powers = np.exp(logits - logits.real.max(axis=-1, keepdims=True))
        residual = (powers / powers.sum(axis=-1, keepdims=True) - wanted) / x.shape[-2]
        slope = np.swapaxes(x, -1, -2) @ residual
        total, model = total + slope / local_steps, model - local_step * slope
    return np.asarray(total).reshape(*given.shape[:-2], -1)


def slopes_of_gradient(weights: Floats, inputs: Floats, labels: Ints) -> Floats:
    """Return how the gradient changes with each number of the inputs.

    Parameters
    ----------
    weights, inputs, labels : ndarray
        As for `message`, with one local step.

    Returns
    -------
    ndarray of float, shape (batch · width, (width + 1) · classes)
    """
    (batch, width), classes = inputs.shape, weights.shape[1]
    x = np.hstack([inputs, np.ones((batch, 1))])
    odds = np.exp(x @ weights - (x @ weights).max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    bent = (odds[:, None, :] * np.eye(classes) - odds[:, :, None] * odds[:, None, :]) / batch
    slopes = x[:, None, :, None] * (weights[:-1] @ bent)[:, :, None, :]
    here = np.arange(width)
    slopes[:, here, here] += ((odds - one_hot(labels, classes)) / batch)[:, None]
    return np.asarray(slopes.reshape(batch * width, -1))


def invert_gradient(gradient: ArrayLike, classes: int) -> Recovery:
    """Read one sample from its gradient, exactly: a row of slopes over the slope of its constant.

    Parameters
    ----------
    gradient : array_like, shape ((width + 1) · classes,)
        The gradient of softmax regression at one sample.
    classes : int
        How many there are.

    Returns
    -------
    Recovery
    """
    slopes = np.asarray(gradient, dtype=np.float64).reshape(-1, classes)
    # The slope of a constant is its probability, less 1 at the true class: only that one is negative.
    label = int(np.argmin(slopes[-1]))
    return Recovery((slopes[:-1, label] / slopes[-1, label])[None], np.array([label]), 0.0, 0)


def recover_input(
    observed: ArrayLike,
    weights: ArrayLike,
    *,
    sketch: Sketch | None,
    labels: ArrayLike | None = None,
    rng: Seed,
    batch: int = 1,
    local_steps: int = 1,
    local_step: float = 1.0,
    prior: tuple[float, float] = (0.0, 1.0),
    restarts: int = 4,
) -> Recovery:
    """Search for the samples whose message, sketched, is the one observed.

    Parameters
    ----------
    observed : array_like, shape (size,) or, without a sketch, ((width + 1) · classes,)
        What went over the wire.
    weights : array_like, shape (width + 1, classes)
        The model, which the attacker knows.
    sketch : Sketch or None
        The matrix the attacker believes in; None: the gradient was sent as it is.
    labels : array_like of int, shape (batch,), optional
        The classes, if known; otherwise all are tried, for a batch of one.
    rng : int, SeedSequence or Generator
        Source of the first guesses.
    batch : int
        Samples behind the message.
    local_steps, local_step : int, float
        What the client did, as for `message`.
    prior : (float, float)
        Mean and spread of the first guess of a coordinate.
    restarts : int
        First guesses per label; the search stops early at a perfect fit.

    Returns
    -------
    Recovery
        The best fit found.

    Raises
    ------
    ValueError
        The shapes do not fit, or the labels of more than one sample are unknown.
    """
    model, seen = np.asarray(weights, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    expected = model.size if sketch is None else sketch.size
    if seen.shape != (expected,) or (sketch is not None and sketch.dim != model.size):
        raise ValueError(f"observed has shape {seen.shape} and weights {model.shape}: allowed is ({expected},)")
    if labels is None and batch > 1:
        raise ValueError(f"batch = {batch}: without labels allowed is 1")
    if sketch is None and batch == 1 and local_steps == 1:
        return invert_gradient(seen, model.shape[1])
    told: dict[str, Any] = {"local_steps": local_steps, "local_step": local_step}
    generator, width = as_generator(rng), model.shape[0] - 1
    guesses = [generator.normal(*prior, (batch, width)) for _ in range(restarts)]
    candidates = [np.asarray(labels)] if labels is not None else [np.array([label]) for label in range(model.shape[1])]
    best, spent = None, 0
    for guess in guesses:
        for candidate in candidates:

            def sent(x: NDArray[Any], candidate: Ints = candidate) -> NDArray[Any]:
                return message(model, x, candidate, **told)

            def slopes(x: Floats, candidate: Ints = candidate) -> Floats:
                if local_steps == 1:
                    return slopes_of_gradient(model, x, candidate)
                # Exact by a complex step: the message is analytic in its inputs.
                nudged = x + 1e-30j * np.eye(x.size).reshape(-1, *x.shape)
                return np.asarray(sent(nudged).imag / 1e-30)

            found, misfit, steps = _fit(sent, slopes, sketch, seen, guess)
            spent += steps
            if best is None or misfit < best.misfit:
                best = Recovery(found, candidate, misfit, spent)
        if best is not None and best.misfit < TINY:
            break
    assert best is not None
    return Recovery(best.inputs, best.labels, best.misfit, spent)


def _fit(
    sent: Callable[[Floats], Floats],
    slopes_at: Callable[[Floats], Floats],
    sketch: Sketch | None,
    seen: Floats,
    guess: Floats,
) -> tuple[Floats, float, int]:
    """Return input, misfit and number of steps of Levenberg and Marquardt's method from one guess."""
    scale, x = max(float(seen @ seen), np.finfo(np.float64).tiny), guess
    off = _seen(sent(x), sketch) - seen
    damping = 1e-2
    for step in range(STEPS):
        slopes = _seen(slopes_at(x), sketch)
        normal, pull = slopes @ slopes.T, slopes @ off
        unit = np.trace(normal) / len(normal)
        for _ in range(8):
            move = np.linalg.solve(normal + damping * unit * np.eye(len(normal)), pull).reshape(x.shape)
            tried = _seen(sent(x - move), sketch) - seen
            if tried @ tried < off @ off:
                break
            damping *= 5
        else:
            return x, float(off @ off) / scale, step
        gain = 1 - float(tried @ tried) / float(off @ off)
        x, off, damping = x - move, tried, max(damping / 5, 1e-13)
        if off @ off < TINY * scale or gain < 1e-4:
            break
    return x, float(off @ off) / scale, step + 1


def _seen(whole: Floats, sketch: Sketch | None) -> Floats:
    found: Floats = whole if sketch is None else sketch.sketch(whole)
    return found
