"""Tags of control systems and historians: which machine each belongs to, which point on it, and what is measured there."""
