"""The service, through its SDK."""
