"""Live signals of a plant: MQTT, OPC UA and Modbus TCP, read-only, and the recorder that keeps a window of them."""
