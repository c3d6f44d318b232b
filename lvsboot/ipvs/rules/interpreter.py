"""Executes commands on a table in memory, and refuses what the kernel would refuse."""

from __future__ import annotations

from typing import assert_never

from lvsboot.ipvs.rules.command import (
    ClearCommand,
    Command,
    DaemonCommand,
    DestinationCommand,
    ServiceCommand,
    SetCommand,
    Verb,
    ZeroCommand,
)
from lvsboot.ipvs.rules.format import format_service_key
from lvsboot.ipvs.rules.options import RefusedError
from lvsboot.ipvs.table import (
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    Service,
    ServiceKey,
    ServiceOptions,
    Table,
    Timeouts,
)


class NoServiceError(RefusedError):
    """The command's service does not exist, perhaps because the line that adds it is wrong."""


class Interpreter:
    """Starts with an empty table, as `ipvsadm -R` after a boot."""

    def __init__(self) -> None:
        self._options: dict[ServiceKey, ServiceOptions] = {}
        self._pools: dict[ServiceKey, dict[DestinationKey, Destination]] = {}
        self._timeouts = Timeouts()
        self._daemons: dict[DaemonRole, Daemon | None] = {}

    def table(self) -> Table:
        services = {key: Service(self._options[key], pool) for key, pool in self._pools.items()}
        return Table(services, self._timeouts, self._daemons)

    def _pool(self, key: ServiceKey) -> dict[DestinationKey, Destination]:
        """The live destinations of a service; raises NoServiceError."""
        pool = self._pools.get(key)
        if pool is None:
            message = f"there is no service {format_service_key(key)} at this line"
            raise NoServiceError(message, hint="add it with -A before")
        return pool

    def add_service(
        self,
        key: ServiceKey,
        options: ServiceOptions,
        pool: dict[DestinationKey, Destination],
    ) -> bool:
        """False if the service is there already."""
        if key in self._pools:
            return False
        self._pools[key] = pool
        self._options[key] = options
        return True

    def run(self, command: Command) -> None:
        """Raises RefusedError for what the kernel would refuse."""
        match command:
            case ServiceCommand(verb, key, options):
                self._run_service(verb, key, options)
            case DestinationCommand():
                self._run_destination(command)
            case ZeroCommand(key):
                if key is not None:
                    self._pool(key)
            case ClearCommand():
                self._options.clear()
                self._pools.clear()
            case SetCommand(timeouts):
                both = zip(self._timeouts, timeouts, strict=True)
                self._timeouts = Timeouts(*(later or earlier for earlier, later in both))
            case DaemonCommand(role, daemon):
                self._daemons[role] = daemon
            case _:
                assert_never(command)

    def _run_service(self, verb: Verb, key: ServiceKey, options: ServiceOptions | None) -> None:
        if verb is Verb.ADD and options is not None:
            if not self.add_service(key, options, {}):
                raise RefusedError(f"the service {format_service_key(key)} is there already")
            return
        self._pool(key)
        if options is not None:
            self._options[key] = options
        else:
            del self._pools[key], self._options[key]

    def _run_destination(self, command: DestinationCommand) -> None:
        pool = self._pool(command.service)
        present = command.key in pool
        if command.verb is Verb.ADD and present:
            raise RefusedError("the service has this destination already")
        if command.verb is not Verb.ADD and not present:
            raise RefusedError("the service has no such destination")
        if command.destination is not None:
            pool[command.key] = command.destination
        else:
            del pool[command.key]
