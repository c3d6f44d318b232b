"""To a type checker everything is as in `typing` and `enum`."""

from enum import StrEnum as StrEnum
from typing import NamedTuple as NamedTuple
from typing import Protocol as Protocol
from typing import TypeAlias as TypeAlias
from typing import assert_never as assert_never

TYPE_CHECKING: bool
