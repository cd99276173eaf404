"""The Horizon plugin: what a project and its operators see of servicevm.

It speaks to the service through `servicevmclient` alone, and to that in
`servicevm_dashboard.api` alone.
"""
