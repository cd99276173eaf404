"""SDK and command line of the Service VM / Device Manager.

The client is `servicevmclient.v1.Client`; what it raises is in
`servicevmclient.exceptions`.
"""
