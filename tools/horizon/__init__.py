"""Horizon with our panels, and everything that it needs behind it."""
