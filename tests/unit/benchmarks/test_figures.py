"""The figures say what was measured, and the yardstick is the product's own kind of worker."""

import pytest

from shared.local import PROJECT
from shared.processes import parse_procfile
from tests.benchmarks.figures import spread
from tests.benchmarks.yardstick import bare_lines


def test_a_spread_takes_its_percentiles_from_what_was_measured():
    figure = spread([float(number) for number in range(300, 0, -1)])
    assert (figure.n, figure.p50, figure.p95, figure.p99, figure.most) == (300, 151, 286, 298, 300)


def test_nothing_measured_is_no_figure():
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_the_bare_workers_differ_from_the_products_only_in_application_queue_and_name():
    procfile = parse_procfile((PROJECT / "Procfile").read_text())
    for name, twin in {"bare.first": "signals", "bare.second": "orders"}.items():
        words = bare_lines(procfile)[name].split()
        own = procfile[f"worker-{twin}"].split()
        differing = [(ours, bare) for ours, bare in zip(own, words, strict=True) if ours != bare]
        assert differing == [
            ("worker.app", "tests.benchmarks.bare"),
            (twin, name),
            (f"{twin}@%h", f"{name}@%h"),
        ]
