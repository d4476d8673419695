"""Quantiles and ratios of what was measured."""
import math


def quantile(share, values):
    """The smallest value that at least this share of all values does not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def summary(values):
    return {"n": len(values), "median": quantile(0.5, values), "p99": quantile(0.99, values),
            "longest": max(values, default=None)}


def ratio(value, reference):
    """None if there is nothing to compare, or the reference is 0."""
    return None if value is None or not reference else value / reference


def shown(value):
    """Three digits that count; a dash if there is no value."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    value = float(f"{value:.3g}") if abs(value) < 100 else value  # 9.999 is 10.0, not 10.00
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 4)}f}"
