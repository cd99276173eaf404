"""What the guest image consists of, declared as data."""

#: Raise it where a change to the code of the build, not to the data here,
#: changes the image: it is part of the key under which parts are kept.
VERSION = 1

DISTRIBUTION = "debian"
RELEASE = "12"
SUITES = ("bookworm", "bookworm-updates", "bookworm-security")
ARCHITECTURE = "amd64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

#: Used where /etc/apt names no source of the release.
DEFAULT_SOURCES = (
    ("http://deb.debian.org/debian/", "bookworm"),
    ("http://deb.debian.org/debian/", "bookworm-updates"),
    ("http://deb.debian.org/debian-security/", "bookworm-security"),
)

#: The package whose only dependency is the present kernel.
KERNEL_METAPACKAGE = "linux-image-cloud-amd64"

#: Unpacked into the root file system, with no maintainer script run.
PACKAGES = (
    "busybox-static",
    "haproxy",
    "libc6",
    "libcap2",
    "libcrypt1",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "libgcrypt20",
    "libgpg-error0",
    "liblua5.3-0",
    "liblz4-1",
    "liblzma5",
    "libopentracing-c-wrapper0",
    "libopentracing1",
    "libpcre2-8-0",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libssl3",
    "libstdc++6",
    "libsystemd0",
    "libzstd1",
    "openssl",
    "python3.11-minimal",
    "zlib1g",
)

#: Unpacked for the build alone: the boot loaders, and the tools that make
#: their partition. They run on the build host's own C library.
TOOL_PACKAGES = (
    "dosfstools",
    "mtools",
    "syslinux",
    "syslinux-common",
    "systemd-boot-efi",
)

#: Modules that the guest needs; those they depend on come with them.
#: Loaded in this order, each after what it depends on.
MODULES = (
    "virtio_pci",
    "virtio_blk",
    "erofs",
    "virtio_console",
    "virtio_net",
    "button",
    "evdev",
)

#: More of them, for the machines that a cloud makes: disks and config drives
#: on SCSI and IDE, entropy from the host.
CLOUD_MODULES = (
    "virtio_rng",
    "virtio_scsi",
    "ata_piix",
    "sd_mod",
    "sr_mod",
)

#: Taken out of the root file system, as glob patterns.
PRUNE = (
    "etc/default",
    "etc/init.d",
    "etc/logrotate.d",
    "etc/python3.11",
    "usr/lib/locale",
    "usr/lib/systemd",
    "usr/lib/x86_64-linux-gnu/audit",
    "usr/lib/x86_64-linux-gnu/engines-3",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/share",
    "var",
)

#: Parts of the standard library that nothing in the guest imports.
PRUNE_PYTHON = (
    "_pydecimal.py",
    "asyncio",
    "concurrent",
    "config-3.11-*",
    "curses",
    "dbm",
    "distutils",
    "doctest.py",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "multiprocessing",
    "pickletools.py",
    "pydoc.py",
    "pydoc_data",
    "sqlite3",
    "test",
    "tkinter",
    "tomllib",
    "turtle.py",
    "turtledemo",
    "unittest",
    "venv",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zoneinfo",
)
PYTHON = "usr/bin/python3.11"
STDLIB = "usr/lib/python3.11"

#: Top-level folders that are links into /usr, as in Debian's merged /usr.
MERGED = ("bin", "sbin", "lib", "lib64")

#: Empty folders: mount points and places the agent makes things in.
FOLDERS = (
    "dev",
    "etc/netns",
    "opt/servicevm",
    "proc",
    "root",
    "run",
    "state",
    "sys",
    "tmp",
    "var/lib/haproxy",
)

FILES = {
    "etc/group": "root:x:0:\nhaproxy:x:99:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost servicevm\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "etc/os-release": 'ID=servicevm\nNAME="servicevm guest"\n',
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "haproxy:x:99:99::/var/lib/haproxy:/bin/false\n"
        "nobody:x:65534:65534::/nonexistent:/bin/false\n"
    ),
}

LINKS = {
    "etc/resolv.conf": "/run/resolv.conf",
    "usr/bin/python3": "python3.11",
    "var/run": "/run",
    **{
        f"usr/bin/{name}": "busybox"
        for name in ("cat", "dmesg", "ip", "ls", "mount", "ps", "sh")
    },
}

#: Fixed identities of the file systems, so that the same inputs give the
#: same bytes.
ROOT_UUID = "5e41ce00-0000-4000-8000-000000000001"
STATE_UUID = "5e41ce00-0000-4000-8000-000000000002"
STATE_HASH_SEED = "5e41ce00-0000-4000-8000-000000000003"
#: MiB; with the smallest journal that ext4 makes, most of it is free.
STATE_SIZE = 16

#: MiB that a flavor should have. Less is refused where the kernel has left
#: less than this of it: of 96, which the qemu driver allows, it leaves 59.
MIN_MEMORY = 128
MIN_USABLE_MEMORY = 56

#: Of the one disk that a cloud boots, in bytes: partitions begin and end on
#: whole MiB.
SECTOR = 512
ALIGNMENT = 1 << 20
#: Tells this disk from others, to firmware and kernel.
DISK_SIGNATURE = 0x5E41CE00
BOOT_VOLUME_ID = 0x5E41CE04
BOOT_VOLUME_LABEL = "SVM-BOOT"

#: Of the kernel that a cloud boots. A panic is seen on the console for some
#: seconds; the machine then starts again.
CLOUD_KERNEL_ARGUMENTS = (
    "console=ttyS0",
    "quiet",
    "panic=10",
    "oops=panic",
    "net.ifnames=0",
    "random.trust_cpu=on",
    "cryptomgr.notests",
)
