"""Where lvsboot's files live on a host. Constants only: install/files.py joins them to a root."""

from __future__ import annotations

ROLE = "/etc/lvs/role.yaml"
# NAME.yaml is the role of the host with that name, where there is no ROLE.
ROLES = "/etc/lvs/roles"
# The name of a credential that holds a role.
CREDENTIAL = "lvs.role"
RULES = "/etc/lvs/ipvs.rules"
SYSCTL = "/etc/sysctl.d/90-lvs.conf"
MODULES = "/etc/modules-load.d/lvs.conf"
MODPROBE = "/etc/modprobe.d/lvs.conf"
HOSTNAME = "/etc/hostname"
VIPS_UP = "/etc/lvs/vips-up"
UDEV_RULES = "/etc/udev/rules.d/90-lvs.rules"
NFT = "/etc/lvs/lvs.nft"
NETWORKD = "/etc/systemd/network"
NETPLAN = "/etc/netplan"
NETPLAN_FILE = f"{NETPLAN}/90-lvs.yaml"
INTERFACES = "/etc/network/interfaces"
INTERFACES_D = f"{INTERFACES}.d"
# No dot: a source-directory line skips a name that has one.
IFUPDOWN_FILE = f"{INTERFACES_D}/lvs"
CLOUD_INIT_OFF = "/etc/cloud/cloud.cfg.d/99-lvs-network.cfg"
UNITS = "/etc/systemd/system"
# Where a distribution's package puts the static units.
PACKAGED_UNITS = "/usr/lib/systemd/system"
# The service of Debian's ipvsadm, an init script.
DEBIAN_IPVSADM = "ipvsadm.service"
# It is there where lvs.service holds VIPs, and no table.
REAL_SERVER_DROP_IN = f"{UNITS}/lvs.service.d/real-server.conf"

STATE = "/var/lib/lvs"
APPLIED_ROLE = f"{STATE}/role.yaml"
MANIFEST = f"{STATE}/manifest.json"
# The digest of the credential that was applied last, for sha256sum -c.
CREDENTIAL_DIGEST = f"{STATE}/credential.sha256"
SAVED_RULES = f"{STATE}/saved.rules"
SAVED_RULES_ORIGIN = f"{SAVED_RULES}.sha256"
# Weights that a person has set: drains among them.
WEIGHTS = f"{STATE}/weights.json"
# What stood where lvsboot writes is kept under this name.
SAVED_SUFFIX = ".lvs-save"

RUNTIME = "/run/lvs"
# Why this boot's credential was refused, and what has lvs.service say so.
CREDENTIAL_REFUSED = f"{RUNTIME}/credential.refused"
CREDENTIAL_DROP_IN = "/run/systemd/system/lvs.service.d/credential.conf"
# The name that a role gives the host, for the unit that may set it.
RUNNING_HOSTNAME = f"{RUNTIME}/hostname"
LOADED_RULES = f"{RUNTIME}/loaded.rules"
LOADING_RULES = f"{RUNTIME}/loading.rules"
LOADED_FROM = f"{RUNTIME}/loaded.from"
# Fingerprints that earlier versions kept: start, reload and stop remove them.
STALE_FINGERPRINTS = f"{RUNTIME}/known"
# What user-data writes on a host that lacks lvsboot: the package, which a reboot may lose, and the
# repository's source and key, to whose name comes .asc or .gpg.
DEB = "/run/lvsboot.deb"
APT_SOURCE = "/etc/apt/sources.list.d/lvsboot.sources"
# By this ending apt takes it for a binary keyring.
APT_KEY = "/etc/apt/keyrings/lvsboot.gpg"
# Two locks: an apply, which holds the first all the time, has a reload run that takes the other.
FILES_LOCK = f"{RUNTIME}/apply.lock"
TABLE_LOCK = f"{RUNTIME}/lock"
# In an image that is being written, and gone afterwards.
IMAGE_LOCK = f"{STATE}/lock"
