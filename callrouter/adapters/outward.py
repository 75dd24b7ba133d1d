"""Which addresses we go to where a seller wrote the URL: none that only this network can reach.

Asked about the address that is being connected to, after the host's name was looked up: what a name
meant when somebody wrote it says nothing.
"""

import ipaddress
from typing import TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local: most clouds hand out a machine's credentials here
        "fe80::/10",
        "fd00:ec2::254/128",  # the same of AWS, over IPv6
        "fd20:ce::254/128",  # of Google
        "100.100.100.200/32",  # of Alibaba
        "168.63.129.16/32",  # of Azure
        "192.0.0.192/32",  # of Oracle
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LAST_32_BITS = 0xFFFFFFFF


def find_forbidden(address: str, *, allows_private: bool) -> str | None:
    """Why nothing may be sent to an IP address, or None where it may.

    Link-local addresses and those at which clouds keep a machine's credentials are forbidden
    always, all others that the Internet can't reach unless `allows_private`.
    """
    ip = _unwrap(ipaddress.ip_address(address.partition("%")[0]))
    if any(ip in network for network in _NEVER):
        return f"{ip} is an address of this machine's own network, where nothing is sent"
    if ip.is_global or allows_private:
        return None
    return f"{ip} is a private address; CALLROUTER_PRIVATE_URLS=allow would allow it"


def _unwrap(ip: _Address) -> _Address:
    """The IPv4 address inside an IPv6 one that only carries it."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & _LAST_32_BITS)
    return ip.ipv4_mapped or ip.sixtofour or ip
