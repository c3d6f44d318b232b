"""Which role a boot applies, and what is left where it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lvsboot.commands.credential_record import digest_line, read_role_source
from lvsboot.commands.provision import BootPaths, Provisioner
from lvsboot.commands.roles import Rendering
from lvsboot.errors import HostError, InputError
from lvsboot.role.reader import RoleFile
from lvsboot.system.lock import Log
from tests.golden import REPOSITORY

DIRECTOR = (REPOSITORY / "examples/dr/director.yaml").read_text(encoding="utf-8")
RS1 = (REPOSITORY / "examples/dr/rs1.yaml").read_text(encoding="utf-8")
BAD = DIRECTOR.replace("wlc", "wcl")


class Boot:
    """A host's files in a folder, and boots of it; `fails` makes the next applies fail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.applied: list[tuple[str, bool]] = []
        self.reloads = 0
        self.fails = False
        names = BootPaths._fields
        self.places = BootPaths(**{name: str(folder / name) for name in names})
        (folder / "roles").mkdir()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def apply(
        self,
        role_file: RoleFile,
        *,
        block: bool,
        before_network: bool,
        allow_removal: bool,
        log: Log,  # noqa: ARG002 - as roles.apply()
    ) -> Rendering:
        assert not block
        assert allow_removal
        if self.fails:
            raise HostError("the running kernel cannot load ip_vs")
        self.applied.append((role_file.text, before_network))
        for name in ("role", "applied"):
            self.write(name, role_file.text)
        return Rendering((), (), ())

    def reload_units(self) -> None:
        self.reloads += 1

    def provisioner(self, credential: str | None = None, host_name: str = "rs1") -> Provisioner:
        credentials = None
        if credential is not None:
            (self.folder / "lvs.role").write_text(credential, encoding="utf-8")
            credentials = str(self.folder)
        return Provisioner(
            host_name=host_name,
            credentials=credentials,
            log=print,
            places=self.places,
            apply=self.apply,
            reload_units=self.reload_units,
        )

    def source(self) -> tuple[bool, bool, bool] | None:
        places = self.places
        source = read_role_source(
            applied=places.applied, digest=places.digest, refused=places.refused
        )
        return source and (source.by_credential, source.had_credential, source.refusal is not None)


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    return Boot(tmp_path)


def test_a_credential_comes_before_the_file(boot: Boot) -> None:
    boot.write("role", RS1)
    boot.write("applied", RS1)
    boot.provisioner(DIRECTOR).before_network()
    assert boot.applied == [(DIRECTOR, True)]
    assert boot.source() == (True, True, False)


def test_a_credential_is_applied_once(boot: Boot) -> None:
    """A role that is applied later stays, until another credential comes."""
    boot.provisioner(DIRECTOR).before_network()
    boot.write("role", RS1)
    boot.write("applied", RS1)
    assert boot.provisioner(DIRECTOR).before_network() is None
    assert boot.source() == (False, True, False)
    boot.provisioner(f"{DIRECTOR}# new\n").before_network()
    assert [text for text, _ in boot.applied] == [DIRECTOR, f"{DIRECTOR}# new\n"]


def test_a_credential_that_is_the_applied_role_is_only_noted(boot: Boot) -> None:
    boot.write("applied", DIRECTOR)
    assert boot.provisioner(DIRECTOR).before_network() is None
    assert boot.source() == (True, True, False)


def test_the_digest_is_one_that_sha256sum_checks() -> None:
    assert digest_line(b"") == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  lvs.role\n"
    )


def test_a_credential_with_an_error_changes_no_role(boot: Boot) -> None:
    boot.write("role", RS1)
    boot.write("applied", RS1)
    with pytest.raises(InputError) as caught:
        boot.provisioner(BAD).before_network()
    assert caught.value.problems[0].file == "credential lvs.role"
    assert boot.applied == []
    assert boot.reloads == 1
    said = Path(boot.places.refused).read_text(encoding="utf-8")
    assert "credential lvs.role:16:18: director.services[0].scheduler: 'wcl' is not" in said
    assert "ExecStartPre=cat /run/lvs/credential.refused" in Path(boot.places.drop_in).read_text(
        encoding="utf-8"
    )
    assert boot.source() == (False, False, True)
    # A good one takes it back.
    boot.provisioner(DIRECTOR).before_network()
    assert boot.source() == (True, True, False)
    assert not Path(boot.places.drop_in).exists()


@pytest.mark.parametrize("credential", ["", "\0", "é\udcff", "[" * 5000], ids=repr)
def test_a_credential_may_be_anything(boot: Boot, credential: str) -> None:
    (boot.folder / "lvs.role").write_bytes(credential.encode("utf-8", "surrogateescape"))
    provisioner = boot.provisioner()._replace(credentials=str(boot.folder))
    with pytest.raises(InputError):
        provisioner.before_network()
    assert boot.source() == (False, False, True)


def test_a_credential_whose_apply_fails_is_applied_by_the_next_boot(boot: Boot) -> None:
    boot.fails = True
    with pytest.raises(HostError):
        boot.provisioner(DIRECTOR).before_network()
    assert boot.source() == (False, False, True)
    boot.fails = False
    boot.provisioner(DIRECTOR).before_network()
    assert boot.source() == (True, True, False)


@pytest.mark.parametrize("name", ["rs1", "rs1.example.org"])
def test_a_role_by_host_name(boot: Boot, name: str) -> None:
    boot.write("roles/rs1.yaml", RS1)
    boot.write("roles/rs2.yaml", DIRECTOR)
    boot.provisioner(host_name=name).before_network()
    assert boot.applied == [(RS1, True)]


def test_the_whole_host_name_comes_first(boot: Boot) -> None:
    boot.write("roles/rs1.yaml", RS1)
    boot.write("roles/rs1.example.org.yaml", DIRECTOR)
    boot.provisioner(host_name="rs1.example.org").after_cloud_init()
    assert boot.applied == [(DIRECTOR, False)]


def test_the_role_file_comes_before_the_host_name(boot: Boot) -> None:
    boot.write("roles/rs1.yaml", RS1)
    boot.write("role", DIRECTOR)
    assert boot.provisioner().before_network() is None
    boot.provisioner().after_cloud_init()
    assert boot.applied == [(DIRECTOR, False)]
    assert boot.provisioner().after_cloud_init() is None


@pytest.mark.parametrize("name", ["", "../role", "/role", "rs1/", ".", "..", "rs2"])
def test_no_host_name_leads_out_of_the_folder(boot: Boot, name: str) -> None:
    boot.write("roles/rs1.yaml", RS1)
    boot.write("role.yaml", RS1)
    provisioner = boot.provisioner(host_name=name)
    assert provisioner.before_network() is None
    with pytest.raises(HostError, match="there is no role for this host"):
        provisioner.after_cloud_init()


def test_anybodys_role_is_refused(boot: Boot) -> None:
    boot.write("roles/rs1.yaml", RS1)
    (boot.folder / "roles/rs1.yaml").chmod(0o666)
    with pytest.raises(HostError, match="may be written by everybody"):
        boot.provisioner().before_network()


def test_the_host_name_of_the_role_is_noted_for_the_unit(boot: Boot) -> None:
    boot.provisioner(DIRECTOR).before_network()
    assert Path(boot.places.hostname).read_text(encoding="utf-8") == "director\n"


def test_real_paths_are_those_of_the_unit() -> None:
    unit = (REPOSITORY / "units/lvs-provision-early.service").read_text(encoding="utf-8")
    places: Sequence[str] = (BootPaths().role, BootPaths().digest, BootPaths().hostname)
    assert [place for place in places if place not in unit] == []


def test_a_credential_that_no_early_run_has_seen_comes_first(boot: Boot) -> None:
    """The package was installed inside of the boot: the network is up."""
    boot.write("role", RS1)
    boot.provisioner(DIRECTOR).after_cloud_init()
    assert boot.applied == [(DIRECTOR, False)]
    assert boot.source() == (True, True, False)
    assert boot.provisioner(DIRECTOR).after_cloud_init() is None


def test_a_refused_credential_is_not_tried_twice_in_a_boot(boot: Boot) -> None:
    with pytest.raises(InputError):
        boot.provisioner(BAD).before_network()
    assert boot.provisioner(BAD).after_cloud_init() is None
    boot.write("role", RS1)
    boot.provisioner(BAD).after_cloud_init()
    assert boot.applied == [(RS1, False)]
