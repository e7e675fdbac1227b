"""How often a path may be called: fixed windows on the virtual clock, with the errcode that ends each."""

from dataclasses import dataclass

MINUTE = 60
DAY = 86400


@dataclass(frozen=True)
class Limit:
    """At most `most` calls in each window of `seconds`; one more is refused with `errcode`."""

    seconds: int
    most: int
    errcode: int


LINKS = "links"  # schemes and URL links share their day
FORCE_REFRESH = "force_refresh"

DEFAULT_LIMITS: dict[str, tuple[Limit, ...]] = {
    "/sns/jscode2session": (Limit(MINUTE, 100, 45011),),
    "/cgi-bin/token": (Limit(DAY, 2000, 45009),),
    "/cgi-bin/stable_token": (Limit(MINUTE, 10_000, 45011), Limit(DAY, 500_000, 45009)),
    FORCE_REFRESH: (Limit(DAY, 20, 45009),),
    "/wxa/resetusersessionkey": (Limit(MINUTE, 60_000, 45011),),
    "/wxa/business/getuserphonenumber": (Limit(MINUTE, 5000, 45011),),
    "/cgi-bin/message/subscribe/send": (Limit(DAY, 10_000_000, 45009),),
    "/wxa/getwxacodeunlimit": (Limit(MINUTE, 5000, 45009),),
    LINKS: (Limit(1, 100, 44990), Limit(DAY, 500_000, 45009)),
    "/wxa/msg_sec_check": (Limit(MINUTE, 4000, 44991), Limit(DAY, 2_000_000, 45009)),
    "/wxa/media_check_async": (Limit(MINUTE, 2000, 44991), Limit(DAY, 200_000, 45009)),
    "/wxa/getuserriskrank": (Limit(MINUTE, 4000, 44991),),
}


class Meter:
    """Counts calls against limits. Not thread safe by itself: the state's lock is held around it."""

    def __init__(self) -> None:
        self.limits = dict(DEFAULT_LIMITS)
        self._counts: dict[tuple[str, str, int, int], int] = {}

    def spend(self, what: str, who: str, now: float) -> Limit | None:
        """Count one use of `what` by `who`, or say which limit forbids it (and then count nothing)."""
        slots = [((what, who, limit.seconds, int(now // limit.seconds)), limit) for limit in self.limits.get(what, ())]
        for slot, limit in slots:
            if self._counts.get(slot, 0) >= limit.most:
                return limit
        for slot, _ in slots:
            self._counts[slot] = self._counts.get(slot, 0) + 1
        return None

    def restrict(self, what: str, limit: Limit) -> None:
        """Replace the limit of `what` that has the same window, or add this one."""
        others = tuple(known for known in self.limits.get(what, ()) if known.seconds != limit.seconds)
        self.limits[what] = (*others, limit)
