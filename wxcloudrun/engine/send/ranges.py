"""The addresses nobody may call without being asked: an own list, since Python's and each version's idea of it differs.

Sources: IANA special-purpose address registries for IPv4 and IPv6, and the metadata addresses that the clouds document.
"""

import ipaddress
from dataclasses import dataclass
from enum import Enum

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Opens(Enum):
    """What an administrator's rule must look like to open a range."""

    ANY = "any rule that covers it"
    SINGLE = "a rule that names this one address"
    NEVER = "no rule"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A range of addresses, what it is, and what opens it."""

    network: Network
    name: str
    opens: Opens


def literal(host: str) -> Address | None:
    """The address a canonical host spells, or None when it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def reserved(address: Address) -> Reserved | None:
    """The first range of the list that holds the address; None when it is an ordinary public one."""
    table = _IPV4 if address.version == 4 else _IPV6
    return next((entry for entry in table if address in entry.network), None)


def unmapped(address: Address) -> Address:
    """An IPv4-mapped IPv6 address is the IPv4 address: that is where the system connects to."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a gateway would take out of an IPv6 one: compatible, NAT64, 6to4, Teredo, ISATAP, SIIT."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    value = int(address)
    low = value & 0xFFFFFFFF
    if address in _SIX_TO_FOUR:
        return ipaddress.IPv4Address((value >> 80) & 0xFFFFFFFF)
    if address in _TEREDO:
        return ipaddress.IPv4Address(low ^ 0xFFFFFFFF)
    if (value >> 32) & 0xFDFFFFFF == 0x00005EFE or any(address in network for network in _LAST_32_BITS):
        return ipaddress.IPv4Address(low)
    return None


def _entries(*rows: tuple[str, str, Opens]) -> tuple[Reserved, ...]:
    return tuple(Reserved(ipaddress.ip_network(text), name, opens) for text, name, opens in rows)


_IPV4 = _entries(
    ("169.254.169.254/32", "cloud metadata", Opens.SINGLE),
    ("169.254.0.23/32", "cloud metadata", Opens.SINGLE),
    ("100.100.100.200/32", "cloud metadata", Opens.SINGLE),
    ("168.63.129.16/32", "cloud metadata", Opens.SINGLE),
    ("192.0.0.192/32", "cloud metadata", Opens.SINGLE),
    ("127.0.0.0/8", "loopback", Opens.SINGLE),
    ("169.254.0.0/16", "link-local", Opens.SINGLE),
    ("0.0.0.0/8", "this host", Opens.NEVER),
    ("224.0.0.0/4", "multicast", Opens.NEVER),
    ("240.0.0.0/4", "reserved or broadcast", Opens.NEVER),
    ("10.0.0.0/8", "private", Opens.ANY),
    ("172.16.0.0/12", "private", Opens.ANY),
    ("192.168.0.0/16", "private", Opens.ANY),
    ("100.64.0.0/10", "shared carrier space", Opens.ANY),
    ("192.0.0.0/24", "protocol assignments", Opens.ANY),
    ("192.0.2.0/24", "documentation", Opens.ANY),
    ("198.51.100.0/24", "documentation", Opens.ANY),
    ("203.0.113.0/24", "documentation", Opens.ANY),
    ("192.31.196.0/24", "AS112 service", Opens.ANY),
    ("192.52.193.0/24", "automatic multicast tunneling", Opens.ANY),
    ("192.88.99.0/24", "6to4 relay", Opens.ANY),
    ("192.175.48.0/24", "AS112 service", Opens.ANY),
    ("198.18.0.0/15", "benchmarking", Opens.ANY),
)

_IPV6 = _entries(
    ("fd00:ec2::254/128", "cloud metadata", Opens.SINGLE),
    ("fd20:ce::254/128", "cloud metadata", Opens.SINGLE),
    ("fd00:c1::a9fe:a9fe/128", "cloud metadata", Opens.SINGLE),
    ("::1/128", "loopback", Opens.SINGLE),
    ("fe80::/10", "link-local", Opens.SINGLE),
    ("::/128", "this host", Opens.NEVER),
    ("ff00::/8", "multicast", Opens.NEVER),
    ("::ffff:0:0/96", "IPv4-mapped", Opens.NEVER),
    ("::/96", "IPv4-compatible", Opens.NEVER),
    ("::ffff:0:0:0/96", "IPv4-translated", Opens.ANY),
    ("64:ff9b::/96", "NAT64", Opens.ANY),
    ("64:ff9b:1::/48", "local NAT64", Opens.ANY),
    ("100::/64", "discard only", Opens.ANY),
    ("2001:db8::/32", "documentation", Opens.ANY),
    ("2001::/32", "Teredo", Opens.ANY),
    ("2001::/23", "protocol assignments", Opens.ANY),
    ("2002::/16", "6to4", Opens.ANY),
    ("2620:4f:8000::/48", "AS112 service", Opens.ANY),
    ("3fff::/20", "documentation", Opens.ANY),
    ("5f00::/16", "segment routing", Opens.ANY),
    ("fc00::/7", "private", Opens.ANY),
    ("fec0::/10", "site-local", Opens.ANY),
    # Everything that is not 2000::/3 is not assigned to anybody who could be called.
    ("::/3", "not a global address", Opens.ANY),
    ("4000::/2", "not a global address", Opens.ANY),
    ("8000::/1", "not a global address", Opens.ANY),
)

_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_TEREDO = ipaddress.IPv6Network("2001::/32")
_LAST_32_BITS = tuple(
    ipaddress.IPv6Network(text) for text in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
