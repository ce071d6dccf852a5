"""Conversions that a layout asks for: units of money and time, value maps."""
