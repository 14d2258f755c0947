"""Machines: slow faults, wrong instruments, starts, fleets."""
