"""Simulated machines over simulators that others made; these are imported when an incident is made."""

from aitia.lab.machines.battery import Battery
from aitia.lab.machines.grid import Grid
from aitia.lab.machines.heat import Heat
from aitia.lab.machines.rotor import Rotor
from aitia.lab.machines.water import Water
from aitia.lab.words import System

SYSTEMS: tuple[System, ...] = (Battery(), Grid(), Heat(), Rotor(), Water())
