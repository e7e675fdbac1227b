"""The address guard: where a request may go, judged after the name is resolved and before a socket exists."""

import ipaddress
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.send.hosts import authority
from wxcloudrun.engine.send.ranges import Address, Network, Opens, embedded, literal, reserved, unmapped
from wxcloudrun.engine.send.resolver import Cancel, Lookup, bounded_lookup, system_lookup

_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_RULE = re.compile(r"\[(?P<boxed>[0-9A-Fa-f:.]+(?:/\d+)?)\](?P<after>.*)|(?P<plain>[0-9A-Fa-f:.]+/\d+)(?P<rest>.*)")
_KEPT_NAMES = 1024
_UNJUDGED = "not judged yet"


@dataclass(frozen=True, slots=True)
class AddressRule:
    """`CIDR`, `CIDR:port` or `CIDR:first-last`, as in `10.1.0.0/16:8000-8999` or `[fd00::/8]:443`."""

    network: Network
    first_port: int = 1
    last_port: int = 65535

    @classmethod
    def parse(cls, text: str, field: str = "allowed") -> "AddressRule":
        """Reads a rule; raises `DefinitionError`. An address without a prefix length means that one address."""
        network, _, ports = _split(text.strip(), field)
        try:
            parsed = ipaddress.ip_network(network)
        except ValueError:
            raise DefinitionError(
                field, f"{text!r} is not an address range such as 10.0.0.0/8 or 10.0.0.5:8080"
            ) from None
        first, last = _ports(ports, text, field)
        return cls(parsed, first, last)

    @property
    def single(self) -> bool:
        """True when the rule names one address."""
        return self.network.prefixlen == self.network.max_prefixlen

    @property
    def sensitive(self) -> bool:
        """True when the rule could open loopback, link-local or metadata: not for teams, only for the operator."""
        entry = reserved(unmapped(self.network.network_address))
        return self.single and entry is not None and entry.opens is Opens.SINGLE

    def covers(self, address: Address, port: int) -> bool:
        """True when the address and the port are in the rule's range."""
        return (
            address.version == self.network.version
            and address in self.network
            and self.first_port <= port <= self.last_port
        )


@dataclass(frozen=True, slots=True)
class Target:
    """A host that was vetted: where to connect, in the order the resolver gave."""

    host: str
    port: int
    addresses: tuple[str, ...]


class AddressGuard:
    """Judges addresses, never names.

    Public addresses are free. Private, shared, documentation, benchmarking and transition ranges need a rule that
    covers address and port. Loopback, link-local and metadata need a rule that names the one address. "This host",
    multicast and reserved ranges stay shut. An address that carries an IPv4 address inside must be allowed, and so
    must the inner one. `denied` (the product's own servers) wins over everything. A name is refused when *any* of its
    addresses is.
    """

    def __init__(
        self,
        allowed: Iterable[str] = (),
        *,
        denied: Iterable[str] = (),
        lookup: Lookup = system_lookup,
        keep_seconds: float = 30.0,
    ) -> None:
        """`keep_seconds`: how long a vetted answer stands before the name is looked up again."""
        self._allowed = tuple(AddressRule.parse(text) for text in allowed)
        self._denied = tuple(AddressRule.parse(text, "denied") for text in denied)
        self._lookup = lookup
        self._keep_seconds = keep_seconds
        self._known: dict[tuple[str, int], tuple[float, Target]] = {}
        self._judged: dict[tuple[str, int], str | None] = {}

    def vet(self, host: str, port: int, timeout: float = 10.0, cancel: Cancel = lambda: False) -> Target:
        """Resolves a canonical host once and vets every answer.

        Raises `StepError`: guard, resolve, timeout, canceled.
        """
        known = self.known(host, port, time.monotonic())
        if known is not None:
            return known
        found: Sequence[str] = [host] if literal(host) else bounded_lookup(self._lookup, host, timeout, cancel)
        target = Target(host, port, tuple(self._vetted(host, text, port) for text in found))
        if len(self._known) >= _KEPT_NAMES:
            self._known.clear()
        self._known[host, port] = (time.monotonic() + self._keep_seconds, target)
        return target

    def known(self, host: str, port: int, now: float) -> Target | None:
        """What `vet` found not long ago (`now` on `time.monotonic()`), or None when it has to be asked."""
        kept = self._known.get((host, port))
        return kept[1] if kept is not None and now < kept[0] else None

    def refusal(self, address: str, port: int) -> str | None:
        """The rule that says no to an address, or None when it may be called."""
        place = (address, port)
        reason = self._judged.get(place, _UNJUDGED)
        if reason is _UNJUDGED:
            parsed = literal(address.partition("%")[0])
            reason = "not an address" if parsed is None else self._refusal(unmapped(parsed), port)
            if len(self._judged) >= _KEPT_NAMES:
                self._judged.clear()
            self._judged[place] = reason
        return reason

    def _vetted(self, host: str, text: str, port: int) -> str:
        reason = self.refusal(text, port)
        if reason is None:
            return str(unmapped(ipaddress.ip_address(text)))
        what = authority(host, port) if text == host else f"{authority(host, port)} ({text})"
        raise StepError(
            ErrorClass.GUARD,
            f"{what} may not be called: {reason}. An administrator can allow the address for the project",
            reason,
        )

    def _refusal(self, address: Address, port: int) -> str | None:
        if any(rule.covers(address, port) for rule in self._denied):
            return "it belongs to this product itself"
        inner = embedded(address)
        if inner is not None and not address.is_loopback:
            said = self._refusal(inner, port)
            if said is not None:
                return f"it carries the address {inner} inside: {said}"
        entry = reserved(address)
        if entry is None or self._opened(address, port, entry.opens):
            return None
        return f"{entry.network} is {entry.name}"

    def _opened(self, address: Address, port: int, opens: Opens) -> bool:
        if opens is Opens.NEVER:
            return False
        rules = (rule for rule in self._allowed if opens is Opens.ANY or rule.single)
        return any(rule.covers(address, port) for rule in rules)


def _split(text: str, field: str) -> tuple[str, str, str]:
    """Range, colon and ports; an IPv6 range with ports needs its prefix length or brackets."""
    found = _RULE.fullmatch(text)
    if found is None:
        return text.partition(":") if text.count(":") == 1 else (text, "", "")
    network, after = (found["boxed"], found["after"]) if found["boxed"] else (found["plain"], found["rest"])
    if after and not after.startswith(":"):
        raise DefinitionError(field, f"{text!r} has something other than :port after the range")
    return network, after[:1], after[1:]


def _ports(text: str, rule: str, field: str) -> tuple[int, int]:
    if not text:
        return 1, 65535
    found = _PORTS.fullmatch(text)
    if found is None:
        raise DefinitionError(field, f"{rule!r} has ports that are neither a number nor first-last")
    first, last = int(found[1]), int(found[2] or found[1])
    if not 0 < first <= last < 65536:
        raise DefinitionError(field, f"{rule!r} has ports outside 1-65535 or in the wrong order")
    return first, last
