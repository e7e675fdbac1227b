"""Values that need one another in a circle, so that none of them can ever be known."""

from collections.abc import Mapping, Set


def circular(needed: Mapping[str, Set[str]]) -> list[str]:
    """Those that can never be known, in their order; `needed`: what each of them needs, others of them or none."""
    left = dict(needed)
    while known := [name for name, others in left.items() if not others & left.keys()]:
        for name in known:
            del left[name]
    return list(left)
