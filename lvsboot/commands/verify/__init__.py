"""The verb verify: is this host what its role says? Facts first, then checks of them."""
