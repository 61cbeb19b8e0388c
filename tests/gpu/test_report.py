"""What the report of a run on a GPU says."""

import datetime

from tests.gpu import report


def test_the_report_counts_and_names_what_differs(tmp_path):
    results = [
        ("CuPy against NumPy", "add", report.AGREES),
        ("CuPy against NumPy", "add", report.AGREES),
        ("CuPy against NumPy", "exp", "float32: AssertionError:\n  off by 1"),
        ("CuPy against PyTorch on cuda", "add", report.AGREES),
    ]
    path = report.write({"GPU": "one", "CuPy": "14"}, results, tmp_path, datetime.date(2026, 1, 2))
    assert path.name == "gpu-report-2026-01-02.md"
    assert path.read_text() == (
        "# The catalogue on a GPU, 2026-01-02\n\nWritten by `sh run.sh gpu-test`: every sample of every op, its "
        "gradients and second gradients on CuPy.\n\n| | |\n|---|---|\n| GPU | one |\n| CuPy | 14 |\n\n"
        "## CuPy against NumPy\n\n"
        "2 samples of 2 ops agree.\n\n1 don't:\n\n- `exp`: float32: AssertionError: off by 1\n\n"
        "## CuPy against PyTorch on cuda\n\n1 samples of 1 ops agree.\n"
    )
