"""Which IP addresses belong to the public internet, and not to this machine, its network or its provider.

The ranges are those of IANA's registries of special-purpose addresses, IPv4 (RFC 6890) and IPv6, as of 2026. Python's
`is_global` changes with its version: that of 3.11.7 misses seven ranges.
"""

from __future__ import annotations

import ipaddress
import socket

SPECIAL_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's service for its machines: not IANA's, and on no machine elsewhere
        "169.254.0.0/16",  # link-local, with the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnels (AMT)
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Everything else is special or not assigned: mapped, translated (NAT64) and local addresses, multicast.
GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
SPECIAL_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, with Teredo and ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet and not this machine's.

    IPv6 addresses that carry an IPv4 address are none.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        is_special = any(ip in network for network in SPECIAL_V4)
    else:
        is_special = ip not in GLOBAL_V6 or any(ip in network for network in SPECIAL_V6)
    return not is_special and not is_own(address)


def is_own(address: str) -> bool:
    """Whether an IP address is one of this machine's, as far as the machine knows: behind a router it does not.

    No packet is sent: only one's own addresses are reached from themselves.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:  # there is no way to it
            return False
        return probe.getsockname()[0] == address
