"""Tables as control systems, historians and spreadsheets export them, turned into one series per tag."""
