"""Times the IPVS engine against ipvsadm, keepalived, pyroute2 and the kernel itself."""
