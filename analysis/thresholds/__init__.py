"""Every threshold at once, and who chooses one."""
