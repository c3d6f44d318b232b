"""Reads the kernel's table inet lvsboot, and what a file would make of it, by nft itself."""

from __future__ import annotations

from typing import NamedTuple

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.system.programs import query

_LIST = ("nft", "--stateless", "list", "table", "inet", "lvsboot")
# Loaded where no other process sees it, and listed: nft words a table in its own way.
_LOADED = f'nft --file "$1" && {" ".join(_LIST)}'


class NftTable(NamedTuple):
    """As nft lists it; `actual` None: there is no such table."""

    expected: str
    actual: str | None


def read_nft_table(file: str) -> NftTable:
    """`file` is what the kernel's table should have come from. Changes nothing on this host.

    Raises NotPermittedError, and HostError where nft is not there or refuses the file.
    """
    return NftTable(_expected(file), _actual())


def _actual() -> str | None:
    try:
        return query(_LIST)
    except HostError as error:
        if "No such file or directory" in str(error):
            return None
        raise _as_refusal(error) from error


def _expected(file: str) -> str:
    try:
        return query(["unshare", "--net", "--", "sh", "-c", _LOADED, "sh", file])
    except HostError as error:
        raise _as_refusal(error) from error


def _as_refusal(error: HostError) -> HostError | NotPermittedError:
    if "not permitted" in str(error):
        return NotPermittedError(f"nft tables are root's to see: {error}")
    return error
