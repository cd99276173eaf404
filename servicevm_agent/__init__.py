"""What runs inside the device: standard library only, Python >= 3.9."""

__version__ = "1.0"
