"""An incident library of events: what past incidents looked like teaches who is to blame now."""
