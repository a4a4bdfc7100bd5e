"""Groups messages into format families: one provider's layout and vocabulary, whatever coin it names.

A family is what a group-wise cross-validation leaves out whole, so that no message is read with what its own
siblings have taught.
"""

import re
from itertools import pairwise

import numpy as np
from sklearn.cluster import AgglomerativeClustering
from sklearn.feature_extraction.text import CountVectorizer

from tests.learning.rows import Labelled
from worker.parsing.grammar import tag_tokens
from worker.parsing.tokens import Token, tokenize

APART = 0.85
"""Jaccard distance from which two groups are two families: at 1 they share no word and no sign."""

_DIGITS = re.compile(r"\d+")


def families_of(rows: list[Labelled]) -> list[int]:
    """Return the number of each message's family; messages of the same layout or the same phrases share one."""
    counts = CountVectorizer(analyzer=_marks, binary=True).fit_transform([row.text for row in rows])
    present = counts.toarray().astype(bool)
    both = present.astype(int) @ present.T.astype(int)
    sizes = present.sum(axis=1)
    either = np.maximum(1, sizes[:, None] + sizes[None, :] - both)
    distance = 1 - both / either
    np.fill_diagonal(distance, 0)
    clusters = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=APART
    )
    return [int(family) for family in clusters.fit_predict(distance)]


def folds_of(families: list[int], folds: int) -> list[int]:
    """Return the fold of each message: whole families, the largest first, each into the smallest fold so far."""
    sizes: dict[int, int] = {}
    for family in families:
        sizes[family] = sizes.get(family, 0) + 1
    filled = [0] * folds
    place: dict[int, int] = {}
    for family, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        place[family] = filled.index(min(filled))
        filled[place[family]] += size
    return [place[family] for family in families]


def _marks(text: str) -> list[str]:
    """Return the words, signs and pairs of them that make a layout, without what differs from signal to signal."""
    names = [_name(token) for token in tag_tokens(tokenize(text))]
    return [*names, *(f"{first} {second}" for first, second in pairwise(names))]


def _name(token: Token) -> str:
    if token.symbol is not None:
        return "<symbol>"
    if token.kind in {"NUM", "DATE", "TIME", "OCC", "URL", "MENTION"}:
        return f"<{token.kind}{token.unit}>"
    return _DIGITS.sub("0", token.key)
