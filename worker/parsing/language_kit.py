"""The parts of NLTK that reading uses, without the packages that NLTK would load for parts that it does not use.

`import nltk` loads its classifiers, plots and statistics, and with them scikit-learn, SciPy and NumPy where they are
installed: 5 s and 140 MiB that a worker which reads messages has no use for (0.4 s and 40 MiB without).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_UNUSED = ("sklearn", "scipy", "numpy", "pandas", "matplotlib")


@contextmanager
def _absent(names: tuple[str, ...]) -> Iterator[None]:
    """Let imports of packages that nobody has loaded yet fail while the block runs, as if they were not installed."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how Python writes "not there"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _absent(_UNUSED):
    from nltk.metrics.distance import edit_distance
    from nltk.tokenize import RegexpTokenizer

__all__ = ["RegexpTokenizer", "edit_distance"]
