"""Which addresses may be connected to: public ones, and those that the operator names.

Names are resolved here and nowhere else, and the client connects to exactly the addresses that came through, so a name that
changes its mind between a check and a connection (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from aiohttp.abc import AbstractResolver, ResolveResult

_REFUSED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",
            "168.63.129.16/32",  # public in form, but the host's own services wherever it answers (Azure)
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
"""IANA special-purpose registry for IPv4, multicast (RFC 5771) and the reserved class E."""

_UNICAST_6 = IPv6Network("2000::/3")
"""All that IANA has given out for global unicast; everything else in IPv6 is special."""
_REFUSED_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16")))
_NAT64 = IPv6Network("64:ff9b::/96")
_EMBEDDED_6TO4 = IPv6Network("2002::/16")
_THREADS = 32
"""Look-ups under way at once: a name server that does not answer holds a thread for many seconds."""


class AddressRefusedError(OSError):
    """A name leads only to addresses that are not public."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open internet; an IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) decides for it."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    inner = address.ipv4_mapped
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is None and address in _EMBEDDED_6TO4:
        inner = IPv4Address((int(address) >> 80) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(inner)
    return address in _UNICAST_6 and not any(address in network for network in _REFUSED_6)


class Policy:
    """Public addresses, and whatever hosts the patterns `name`, `name:port`, `*.name` and `*.name:port` allow."""

    def __init__(self, allow_hosts: Iterable[str]) -> None:
        self._exact: set[tuple[str, int | None]] = set()
        self._below: set[tuple[str, int | None]] = set()
        for pattern in allow_hosts:
            name, port = _split(pattern.strip().lower())
            if name.startswith("*."):
                self._below.add((name[1:], port))
            else:
                self._exact.add((name, port))

    def allows(self, host: str, port: int) -> bool:
        """Whether the operator lets this host be anywhere, private addresses too."""
        if not (self._exact or self._below):
            return False
        name = host.lower().rstrip(".")
        if (name, port) in self._exact or (name, None) in self._exact:
            return True
        parents = [name[position:] for position, letter in enumerate(name) if letter == "."]
        return any((parent, port) in self._below or (parent, None) in self._below for parent in parents)

    def accepts_literal(self, host: str, port: int) -> bool:
        """Whether a host that is an IP address may be connected to; True for names, which are judged once resolved."""
        if ":" not in host and not host[-1:].isdigit():
            return True
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return True
        return is_public(address) or self.allows(host, port)


def _split(pattern: str) -> tuple[str, int | None]:
    """`name:port`, `[::1]:port`, `::1` or `name`."""
    if pattern.startswith("["):
        name, _, port = pattern[1:].partition("]")
        port = port.removeprefix(":")
    elif pattern.count(":") == 1:
        name, _, port = pattern.partition(":")
    else:
        name, port = pattern, ""
    return name, int(port) if port.isdigit() else None


class GuardedResolver(AbstractResolver):
    """Resolves names to the addresses that the policy accepts."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """The addresses of `host`; raises `AddressRefusedError` where none may be connected to, OSError where there are none."""
        allowed = self._policy.allows(host, port)
        found: list[ResolveResult] = []
        for kind, address in await self._look_up(host, port, family):
            if allowed or is_public(ipaddress.ip_address(address.partition("%")[0])):
                found.append(
                    ResolveResult(
                        hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
                    )
                )
        if not found:
            raise AddressRefusedError(f"{host} is not a public address")
        return found

    async def _look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[tuple[int, str]]:
        name = host.lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            # RFC 6761: always loopback, which not every system's resolver knows for names below it.
            return [(socket.AF_INET, "127.0.0.1")]
        infos = await asyncio.get_running_loop().run_in_executor(
            self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG
        )
        found = [(int(kind), str(place[0])) for kind, _, _, _, place in infos if kind in (socket.AF_INET, socket.AF_INET6)]
        if not found:
            raise OSError(f"{host} has no address")
        return found

    async def close(self) -> None:
        """Let go of the threads; look-ups under way end by themselves."""
        with contextlib.suppress(RuntimeError):
            self._threads.shutdown(wait=False, cancel_futures=True)
