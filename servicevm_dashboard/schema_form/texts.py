"""What the service's own schemas say; they are looked up as they come.

Written by tools.dashboard.schemas.
"""

from django.utils.translation import gettext_noop as _

TEXTS = (
    _("Shares TCP connections or HTTP requests among members."),
    _("Configuration of a load balancer"),
    _("Listeners"),
    _("Listener"),
    _("Name"),
    _(
        "It must begin with a letter or a digit; up to 62 letters, digits, "
        "_ or - may follow."
    ),
    _("Unique among the listeners."),
    _("Protocol"),
    _("HTTP"),
    _("TCP"),
    _("HTTP looks into requests; TCP passes bytes on."),
    _("Port"),
    _("TCP port."),
    _("Pool"),
    _("Name of the pool that serves it."),
    _("Connection limit"),
    _("Most connections at once."),
    _("Client timeout (ms)"),
    _("Milliseconds that a client may be silent."),
    _("Tell the client's address"),
    _(
        "Tell the members the client's address in the header X-Forwarded-"
        "For (http only)."
    ),
    _("Pools"),
    _("Unique among the pools."),
    _("Algorithm"),
    _("Round robin"),
    _("Least connections"),
    _("Client's address"),
    _("How members are chosen."),
    _("Members"),
    _("Member"),
    _("Unique within the pool."),
    _("Address"),
    _("It must be an IPv4 or IPv6 address."),
    _("Where the device reaches it."),
    _("Weight"),
    _("Share of the traffic; 0 gets none."),
    _("Backup"),
    _("Used only while no other member is online."),
    _("Drain"),
    _("It finishes what runs and takes nothing new."),
    _("Health monitor"),
    _("Type"),
    _("HTTP request"),
    _("TCP connection"),
    _("What a member is asked for."),
    _("Delay (ms)"),
    _("Milliseconds between checks."),
    _("Timeout (ms)"),
    _("Milliseconds for an answer."),
    _("Rise"),
    _("Good checks until online."),
    _("Fall"),
    _("Bad checks until dead."),
    _("Path"),
    _("It must begin with / and have no characters that a URL does not have."),
    _("What is asked for (http only)."),
    _("Method"),
    _("GET"),
    _("HEAD"),
    _("OPTIONS"),
    _("How it is asked for (http only)."),
    _("Expected codes"),
    _("It must be written like 200, 200-299 or 200,204."),
    _("Codes of a good answer (http only)."),
    _("Host header"),
    _("It must be the name of a host, with or without a port."),
    _("Host header of the check (http only)."),
    _(
        "How members are asked whether they are well; without it all of "
        "them get traffic."
    ),
    _("Persistence"),
    _("Cookie"),
    _("What a client is known by."),
    _("Cookie name"),
    _("It must have 1 to 64 letters, digits, _ and -."),
    _("Name of the cookie (cookie only)."),
    _("Whether a client stays with the member that it had."),
    _("Connect timeout (ms)"),
    _("Milliseconds to reach a member."),
    _("Server timeout (ms)"),
    _("Milliseconds that a member may be silent."),
    _("Arguments"),
    _("Processors"),
    _("Processors that count in the quota."),
    _("Memory (MiB)"),
    _("MiB of memory that count in the quota."),
    _("Time to start (s)"),
    _("Time until a device runs."),
    _("Time to go (s)"),
    _("Time until a deleted device is gone."),
    _("Time to live (s)"),
    _("Time after its start at which a device stops by itself."),
    _("Keep a journal"),
    _(
        "Keep a line about each call that changes a device in "
        "<state_dir>/noop/journal; nobody deletes it."
    ),
    _("Keep first-boot files"),
    _(
        "Keep the device's first-boot files in <state_dir>/noop/bootstrap "
        "while it exists, for an agent that is run by hand. They hold its "
        "secret."
    ),
    _("Failures"),
    _("Calls that fail, and how often."),
    _("Creations"),
    _("Times"),
    _("How often it fails before it works."),
    _("Reason"),
    _("What it fails with."),
    _("Try again"),
    _("Whether it is tried again."),
    _("Looks"),
    _("Deletions"),
    _("Reboots"),
    _("Rebuilds"),
    _("Flavor"),
    _(
        "Name or id of the servers' flavor. If not given, the smallest that"
        " has the processors, memory and disk."
    ),
    _(
        "Processors that a device takes of its project's quota; a flavor "
        "with fewer is refused."
    ),
    _(
        "Memory that a device takes of its project's quota, in MiB; a "
        "flavor with less is refused."
    ),
    _("Disk (GiB)"),
    _(
        "Disk that the flavor has at the least, in GiB; counts only where "
        "root_volume_gib is not given."
    ),
    _("Guest image"),
    _("Name or id of an image."),
    _("Tag of the guest image"),
    _(
        "The newest active image with this tag is taken, where no image is "
        "named: at the next rebuild, a newer one."
    ),
    _("Availability zone"),
    _("Nova's availability zone of the servers."),
    _("Server group"),
    _(
        "Name or id of an existing server group, e.g. of one with the "
        "policy anti-affinity."
    ),
    _("Key pair"),
    _("Key pair of the service user, for images that let somebody in."),
    _("Root volume (GiB)"),
    _(
        "Boot from a volume of this size, in GiB, that is made of the image"
        " and deleted with the server."
    ),
    _("More security groups"),
    _("Security group"),
    _(
        "Names or ids of security groups that the ports on tenants' "
        "networks get besides ours, of the project that the servers belong "
        "to."
    ),
    _("Owner of the servers"),
    _("The service's project"),
    _("The device's project"),
    _(
        "Whose project servers and ports belong to: the service's, or that "
        "of the device (tenant), where its members see them and its cloud "
        "quotas count."
    ),
    _("Memory of the virtual machine, in MiB."),
    _("Its processors."),
    _("Accelerator"),
    _("The best that works"),
    _("KVM"),
    _("Software emulation"),
    _(
        "KVM, software emulation (tcg), or the better of those that work "
        "here (auto); the option [qemu] accelerator if not given."
    ),
    _("It must be the path of a folder, from / on."),
    _("Folder of another guest image."),
    _("Transport"),
    _("Serial port of the machine"),
    _("Management network"),
    _(
        "Which way the agent reaches a relay; tcp needs an interface with "
        "the role mgmt."
    ),
    _("Relays"),
    _(
        "Where agents dial relays (tcp only); those of the relay group if "
        "not given."
    ),
    _("Relay"),
    _("It must be as host:port."),
    _("Relay group"),
    _(
        "Whose relays agents dial (tcp only), where the project has no "
        "relay group of its own; default if not given."
    ),
    _(
        "It must begin with a letter or a digit and may have letters, "
        "digits, '.', '_' and '-', 64 characters at the most."
    ),
    _("Time to call home (s)"),
    _("Time after the boot until it calls home."),
    _("Time to configure (s)"),
    _("Time until a configuration serves."),
    _("Unreachable"),
    _("It never calls home."),
    _("Refuse"),
    _("Configurations that hold this text are refused."),
    _("Members that are down"),
    _("Members with one of these names never pass their checks."),
    _("How often a call fails before it works."),
    _("Bootstraps"),
    _("Configurations"),
    _("Removals"),
    _("Restarts"),
    _("Actions and questions"),
)
