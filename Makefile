# Builds and tests everything, on a fresh Debian machine.
# Needs apt (with sudo if not root) and PyPI; writes to .venv/ and .cache/.

CLUSTER ?= dr
N ?= 1000
KEEP ?=
FUZZ_SECONDS ?= 300
CYCLES ?= 20
TURN ?=
SIZES ?=

BIN := .venv/bin
STAMP := .venv/.installed
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check
DEB_PACKAGES := build-essential debhelper dh-python pybuild-plugin-pyproject python3-hatchling python3-jinja2 \
	python3-jsonschema python3-pyroute2 python3-shtab python3-yaml
# What reads the package's manual and completion.
LINT_PACKAGES := lintian mandoc man-db zsh fish
PACKAGES := python3-venv qemu-system-x86 mmdebstrap xorriso e2fsprogs openssh-client uidmap nftables strace gnupg
# Of the long tests that have a shorter kin, those of one day in three, or all.
TODAY := $(if $(TURN), and (not turn or turn(day=$(TURN))))
# Without its caches pytest compiles every test at each run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup lock check test image package kernel boot compat crash matrix shared others apart soak demo bench fuzz wheel deb site clean

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(STAMP) ## Install what is missing: Debian packages by apt, the rest into .venv
	@lab/packages $(PACKAGES) $(DEB_PACKAGES)

$(STAMP): pyproject.toml requirements/dev.txt
	@lab/packages $(PACKAGES)
	python3 -m venv .venv
	$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@# The build backend is locked, too.
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(STAMP) ## Renew requirements/: the newest development tools, with hashes
	$(INSTALL) --require-hashes --requirement requirements/lock.txt
	@for group in dev compat fuzz lock; do \
	  [ $$group = dev ] && project=pyproject.toml || project=; \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-annotate --custom-compile-command 'make lock' \
	    --group pyproject.toml:$$group $$project --output-file requirements/$$group.txt || exit; \
	done

check: $(STAMP) ## Format, lint, types, unit tests and the site's links: seconds, no privileges
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@# Types are checked and the site is built beside the tests, whose files are in memory, where fsync
	@# takes no time.
	$(BIN)/mypy & types=$$!; $(BIN)/python docs/website.py .cache/site & site=$$!; \
	TMPDIR=/dev/shm $(BIN)/pytest tests/unit -m 'not long' -n auto --dist worksteal; \
	tests=$$?; wait $$types && wait $$site && exit $$tests

test: setup ## Unit, kernel and boot tier: a quarter of an hour
	@# The image is made while the checks run: it waits for the disk and the mirror.
	$(MAKE) --jobs=2 check image
	@# The kernel tier is one small VM: it runs beside the boots, which take longer, at lower priority.
	$(MAKE) --jobs=2 kernel boot

image: setup ## Make the VMs' image
	$(BIN)/python -m lab image

package: setup ## Build the Debian package and the wheel, and look into them: a minute
	@lab/packages $(LINT_PACKAGES)
	$(BIN)/pytest tests/package

kernel: setup ## The kernel tier: a real ip_vs in a small VM
	nice $(BIN)/python -m lab kernel -- -m 'not long'

boot: setup ## The boot tier: systemd and cloud-init in VMs
	@# One cluster boots while the other is tested.
	$(BIN)/pytest tests/boot -n 2 --dist loadfile

compat: setup ## The unit tests over Debian 12's and 13's libraries, and over the newest
	TMPDIR=/dev/shm $(BIN)/python -m lab compat

crash: setup ## Kill render and apply at every call that writes, and let a second run complete
	$(BIN)/pytest tests/crash -m 'not cluster$(TODAY)'

matrix: setup ## The long tests: every backend and release, many repetitions (TURN=0|1|2: a share)
	@# An emulated machine waits as often as it works, and two processors run some six of them:
	@# the target without clusters starts when one of the first two has ended.
	$(MAKE) --jobs=2 shared others apart

shared: setup ## The matrix tests on one cluster of Debian 13
	CYCLES=$(CYCLES) $(BIN)/pytest tests/matrix -m 'cluster$(TODAY)'

others: setup ## The matrix tests that boot machines of their own
	CYCLES=$(CYCLES) $(BIN)/pytest tests/matrix -m 'not cluster$(TODAY)'

apart: setup ## The matrix tests without clusters
	nice $(MAKE) crash compat package
	@# The unit tests' properties, each with more random examples than `make check` takes time for.
	LVSBOOT_EXAMPLES=50 TMPDIR=/dev/shm nice $(BIN)/pytest tests/unit
	nice $(BIN)/python -m lab kernel -- -m 'long$(TODAY)'

soak: ## make matrix with five times the repetitions: a hundred restarts under load
	$(MAKE) matrix CYCLES=100

demo: setup ## Boot a cluster and send requests through it (CLUSTER=dr|nat N=1000 KEEP=1)
	@$(BIN)/python -m lab demo "$(CLUSTER)" --requests "$(N)" $(if $(KEEP),--keep)

bench: setup ## Time the IPVS engine against ipvsadm and others, in a small VM (SIZES='3 2500')
	$(BIN)/python -m lab bench $(SIZES)

fuzz: $(STAMP) ## Fuzz the readers of roles, rules and netlink (FUZZ_SECONDS=300)
	$(INSTALL) --require-hashes --requirement requirements/fuzz.txt
	FUZZ_SECONDS=$(FUZZ_SECONDS) nice -n 19 $(BIN)/python -m tests.fuzz

wheel: $(STAMP) ## Build the wheel into dist/
	@# With the locked build backend.
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist .

deb: ## Build the Debian package into dist/
	@lab/packages $(DEB_PACKAGES)
	lab/deb dist

site: $(STAMP) ## Build the documentation as a site, into .cache/site/
	$(BIN)/python docs/website.py .cache/site

clean: ## Remove everything that was made, images included
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf .cache
