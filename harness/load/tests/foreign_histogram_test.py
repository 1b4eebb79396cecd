# SPDX-License-Identifier: MIT
"""Has an HdrHistogram library that is not ours (PyPI hdrhistogram) read what our encoder wrote.

Usage: foreign_histogram_test.py SAMPLES_PROGRAM.
Exit 0 agreed, 1 disagreed, 77 the module is not importable.
"""

import json
import subprocess
import sys

try:
    from hdrh.histogram import HdrHistogram
except ImportError as cause:
    print(f"skipped: {sys.executable} cannot import hdrh ({cause}); pip install hdrhistogram")
    sys.exit(77)

LOWEST, HIGHEST, DIGITS = 1, 3_600_000_000_000, 3


def disagreements(sample):
    """One sentence for each difference between their reading of our text and the values."""
    theirs = HdrHistogram.decode(sample["encoded"].encode())
    expected = HdrHistogram(LOWEST, HIGHEST, DIGITS)
    for value in sample["values"]:
        expected.record_value(value)
    if theirs.get_total_count() != len(sample["values"]):
        yield f"count {theirs.get_total_count()} is not {len(sample['values'])}"
    for low, high, count in sample.get("buckets") or []:
        if theirs.get_count_at_value(low) != count or expected.get_count_at_value(low) != count:
            yield f"bucket {low}..{high}: {theirs.get_count_at_value(low)} is not {count}"
    for percent, ours in sample["quantiles"].items():
        value = theirs.get_value_at_percentile(float(percent))
        own = expected.get_value_at_percentile(float(percent))
        # Ours never exceeds the exact maximum; theirs is the top of the same bucket.
        same = theirs.values_are_equivalent(value, ours) if sample["values"] else value == ours
        if value != own or not same:
            yield f"p{percent}: theirs {value}, filled by them {own}, ours {ours}"
    if sample["values"] and abs(theirs.get_mean_value() / sample["mean"] - 1) > 1e-9:
        yield f"mean {theirs.get_mean_value()} is not {sample['mean']}"


def main():
    output = subprocess.run([sys.argv[1]], check=True, capture_output=True, timeout=60).stdout
    samples = json.loads(output)
    failed = False
    for sample in samples:
        found = list(disagreements(sample))
        failed |= bool(found)
        print(f"{sample['name']}: {len(sample['values'])} values: {'; '.join(found) or 'agreed'}")
    return 1 if failed or len(samples) < 5 else 0


if __name__ == "__main__":
    sys.exit(main())
