"""What the start path needs of `socket`, whose own module names all constants anew by enums.

With what it imports that takes a start longer than reading a small table (docs/decisions/0002).
"""

from _socket import AF_INET as AF_INET
from _socket import AF_INET6 as AF_INET6
from _socket import AF_NETLINK as AF_NETLINK
from _socket import MSG_DONTWAIT as MSG_DONTWAIT
from _socket import SO_RCVTIMEO as SO_RCVTIMEO
from _socket import SOCK_CLOEXEC as SOCK_CLOEXEC
from _socket import SOCK_RAW as SOCK_RAW
from _socket import SOL_SOCKET as SOL_SOCKET
from _socket import getservbyname as getservbyname
from _socket import inet_aton as inet_aton
from _socket import inet_ntop as inet_ntop
from _socket import inet_pton as inet_pton
from _socket import socket as socket
