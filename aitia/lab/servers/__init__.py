"""Systems of real servers on loopback, each described by one YAML file (docs/lab.md)."""
