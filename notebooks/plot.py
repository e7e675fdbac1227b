"""A histogram as SVG, so that a picture needs no library."""

from collections.abc import Sequence

_WIDTH, _HEIGHT, _BELOW, _BARS = 640, 200, 40, 32


def histogram(values: Sequence[float], label: str) -> str:
    """Bars of how often values fall between equal steps, with median and 95th percentile marked."""
    ordered = sorted(values)
    longest = ordered[-1] or 1.0
    counts = [0] * _BARS
    for value in ordered:
        counts[min(_BARS - 1, int(value / longest * _BARS))] += 1
    most, wide = max(counts), _WIDTH / _BARS
    bars = "".join(
        f'<rect x="{at * wide + 1:.1f}" y="{_HEIGHT - count / most * _HEIGHT:.1f}" width="{wide - 2:.1f}" '
        f'height="{count / most * _HEIGHT:.1f}" fill="#4477aa"/>'
        for at, count in enumerate(counts)
    )
    marks = "".join(
        _mark(name, ordered[int(share * (len(ordered) - 1))], longest) for name, share in (("p50", 0.5), ("p95", 0.95))
    )
    low = _HEIGHT + 32
    ends = f'<text x="0" y="{low}">0</text><text x="{_WIDTH}" y="{low}" text-anchor="end">{longest:.0f}</text>'
    title = f'<text x="{_WIDTH / 2}" y="{low}" text-anchor="middle">{label}</text>'
    size = f'width="{_WIDTH}" height="{_HEIGHT + _BELOW}" viewBox="0 -16 {_WIDTH} {_HEIGHT + _BELOW + 16}"'
    look = f'xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12"'
    return f"<svg {look}>{bars}{marks}{ends}{title}</svg>"


def _mark(name: str, value: float, longest: float) -> str:
    x = value / longest * _WIDTH
    line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}" stroke="#cc3311" stroke-width="2"/>'
    return f'{line}<text x="{x + 4:.1f}" y="-4" fill="#cc3311">{name} {value:.0f}</text>'
