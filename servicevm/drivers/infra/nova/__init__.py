"""Devices as servers of an OpenStack cloud.

==============  ===========================================================
driver          the interface, and what needs no cloud to be answered
template        what a template may say
devices         the calls: the order in which things are made
removal         and deleted
homes           the project that everything of a device is in
login           options of who logs in
cloud           sessions and connections, one per project
faults          the cloud's errors and servers' faults as our reasons
marks           names, tags and descriptions that say that a thing is ours
servers         servers: made, found again, rebuilt, deleted
order           what Nova is asked for
looks           one list of all servers for everybody who wants to look
states          what is seen of a server, as a `DeviceState`
choices         which image, flavor and so on a new server gets
networks        networks and subnets, and whose they are
wishes          what interfaces are to be, checked before anything is made
ports           their ports
groups          security groups
rules           their rules
tags            tags of ports and groups
recent          answers that are good for some seconds
pace            how many servers are made in a second
==============  ===========================================================

Only `driver`, `template` and `login` are loaded before a cloud is needed: the
OpenStack SDK takes half a second.
"""
