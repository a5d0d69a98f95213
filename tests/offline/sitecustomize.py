"""Cuts Python off from the network, loopback excepted: imported at start where this folder is on PYTHONPATH."""

import ipaddress
import os
import socket

_NAMES = {"localhost", "ip6-localhost", "", None}
_getaddrinfo, _connect, _connect_ex, _sendto = (
    socket.getaddrinfo,
    socket.socket.connect,
    socket.socket.connect_ex,
    socket.socket.sendto,
)


class NetworkBlockedError(OSError):
    """A test, or a notebook under test, asked for something outside this machine."""


def _refuse_outside(host):
    if isinstance(host, bytes):
        host = host.decode()
    if host in _NAMES or host == socket.gethostname():
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise NetworkBlockedError(f"the network is cut off in tests: {host}") from None
    if not (address.is_loopback or address.is_unspecified):
        raise NetworkBlockedError(f"the network is cut off in tests: {host}")


def _host(sock, address):
    return address[0] if sock.family in {socket.AF_INET, socket.AF_INET6} else None


def _guarded_getaddrinfo(host, *arguments, **options):
    _refuse_outside(host)
    return _getaddrinfo(host, *arguments, **options)


def _guarded(method):
    def call(self, *arguments):
        # The address is the last argument of connect, connect_ex and sendto alike.
        _refuse_outside(_host(self, arguments[-1]))
        return method(self, *arguments)

    return call


socket.getaddrinfo = _guarded_getaddrinfo
socket.socket.connect = _guarded(_connect)
socket.socket.connect_ex = _guarded(_connect_ex)
socket.socket.sendto = _guarded(_sendto)
os.environ["LABKIT_OFFLINE"] = "1"
