"""Which addresses are public; none of them is asked."""

import ipaddress
import socket

import pytest

from page.inputs import public_addresses
from page.inputs.public_addresses import SPECIAL_V4, SPECIAL_V6, is_own, is_public

PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "198.20.0.1", "223.255.255.255"]
PUBLIC += ["2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "2001:200::1"]
OTHERS = [
    *("0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254"),
    *("168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1"),
    *("192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "100:0:0:1::1"),
    *("2001::1", "2001:0:7f00:1::", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:20::1"),
    *("2001:30::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1"),
    *("4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_ones(address, monkeypatch):
    monkeypatch.setattr(public_addresses, "is_own", lambda _: False)
    assert is_public(address)


@pytest.mark.parametrize("address", OTHERS)
def test_special_ones(address, monkeypatch):
    monkeypatch.setattr(public_addresses, "is_own", lambda _: pytest.fail("it need not be asked"))
    assert not is_public(address)


def test_the_ends_of_every_range(monkeypatch):
    monkeypatch.setattr(public_addresses, "is_own", lambda _: False)
    for network in (*SPECIAL_V4, *SPECIAL_V6):
        assert not is_public(str(network[0]))
        assert not is_public(str(network[-1]))


def test_no_range_that_python_knows_is_missing(monkeypatch):
    monkeypatch.setattr(public_addresses, "is_own", lambda _: False)
    for name in ("_IPv4Constants", "_IPv6Constants"):
        networks = getattr(ipaddress, name)._private_networks
        assert networks
        for network in networks:
            assert not is_public(str(network[0])), network
            assert not is_public(str(network[-1])), network


def test_this_machines_own_public_address_is_not_asked(monkeypatch):
    monkeypatch.setattr(public_addresses, "is_own", lambda address: address == "8.8.4.4")
    assert is_public("8.8.8.8")
    assert not is_public("8.8.4.4")


def test_the_machines_own_addresses_are_known():
    assert is_own("127.0.0.1")
    assert not is_own("192.0.2.1")
    if socket.has_ipv6 and _has_ipv6_loopback():
        assert is_own("::1")


def _has_ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
