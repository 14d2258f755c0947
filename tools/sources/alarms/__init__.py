"""Alarm logs of controllers and SCADA systems, as they export them."""
