"""Who may do what at which door: issued tokens, roles, teams that share one address and nothing else."""

from aitia.access.identity import EVERYTHING, ROLES, Identity, Role
from aitia.access.issued import IssuedTokens, Listed
from aitia.access.keeper import Doorkeeper

__all__ = ["EVERYTHING", "ROLES", "Doorkeeper", "Identity", "IssuedTokens", "Listed", "Role"]
