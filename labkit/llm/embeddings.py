"""Texts as vectors: by their letters, by their answer, and by their words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def tfidf(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return one unit vector per text: TF-IDF over the character n-grams (two to four) of these texts.

    Letters that few of the texts share weigh most, so texts in one pattern differ by the word they differ in. A
    paraphrase looks different: what it means is not seen.

    Parameters
    ----------
    texts : sequence of str
        The pool. The vectors of a text depend on the others.

    Returns
    -------
    ndarray, shape (texts, features)
        The cosine of two rows lies between 0 and 1. A text without letters gets a direction of its own.

    Raises
    ------
    ValueError
        There is no text.
    """
    if not texts:
        raise ValueError("texts = (): at least one text is needed")
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Smoothed, so that what all texts share still counts a little: identical texts are identical vectors.
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), lowercase=True, sublinear_tf=True)
    try:
        rows = vectoriser.fit_transform(texts).toarray()
    except ValueError:  # not one n-gram in the pool
        return np.ones((len(texts), 1))
    empty = ~rows.any(axis=1)
    if empty.any():
        # All texts without letters say the same: nothing.
        rows = np.hstack([rows, empty[:, None].astype(float)])
    return np.asarray(rows, dtype=np.float64)


def one_hot(answers: Sequence[str | None]) -> NDArray[np.float64]:
    """Return one unit vector per answer: equal answers coincide, different ones are orthogonal.

    Parameters
    ----------
    answers : sequence of str or None
        Parsed answers. None (no answer found) agrees with nobody, not even with another None.

    Returns
    -------
    ndarray, shape (answers, directions)

    Raises
    ------
    ValueError
        There is no answer.
    """
    if not answers:
        raise ValueError("answers = (): at least one answer is needed")
    places: dict[object, int] = {}
    columns = [
        places.setdefault((position,) if answer is None else answer, len(places))
        for position, answer in enumerate(answers)
    ]
    return np.eye(len(places))[columns]


def wordllama(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return one unit vector of 256 numbers per text: the mean of word vectors, from the extra ``labkit[embed]``.

    Parameters
    ----------
    texts : sequence of str
        The texts; each vector depends on its own text alone.

    Returns
    -------
    ndarray, shape (texts, 256)

    Raises
    ------
    ValueError
        There is no text.
    ModuleNotFoundError
        The extra is not installed.
    """
    if not texts:
        raise ValueError("texts = (): at least one text is needed")
    try:
        import wordllama as package
    except ModuleNotFoundError:
        raise ModuleNotFoundError("wordllama is not installed: run `pip install 'labkit[embed]'` (49 MB)") from None
    # It ships its tokenizer in a folder of another name than the one it looks in, and would ask the network.
    model = package.WordLlama.load(cache_dir=Path(package.__file__).parent, disable_download=True)
    return np.asarray(model.embed(list(texts), norm=True), dtype=np.float64)
