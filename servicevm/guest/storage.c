/*
 * Finds and mounts the root file system and the state.
 *
 * The root is known by its UUID, wherever it is: a disk of its own beside one
 * for the state, or a partition of the one disk that a cloud boots, the state
 * being the partition after it.
 */
#define _GNU_SOURCE
#include "init.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 32 /* of a block device's name, the kernel's own bound */
#define DEVICE_SIZE (NAME_SIZE + 8)
#define STATE_SERIAL "svm-state"
#define DEVICE_WAIT_MS 20000

/* -DROOT_UUID=0x5e,0x41,... comes from recipe.py. */
static const unsigned char root_uuid[16] = {ROOT_UUID};
static char root_name[NAME_SIZE]; /* below /dev and /sys/class/block */

static void device(const char *name, char path[DEVICE_SIZE])
{
	snprintf(path, DEVICE_SIZE, "/dev/%.*s", NAME_SIZE - 1, name);
}

static int is_root(const char *name)
{
	/* erofs: the superblock's magic number and, 48 bytes in, its UUID */
	static const unsigned char magic[] = {0xe2, 0xe1, 0xf5, 0xe0};
	unsigned char block[64];
	char path[DEVICE_SIZE];
	ssize_t n;
	int fd;

	device(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	n = pread(fd, block, sizeof block, 1024);
	close(fd);
	return n == sizeof block && !memcmp(block, magic, sizeof magic) &&
	       !memcmp(block + 48, root_uuid, sizeof root_uuid);
}

/* The first by name, where another disk holds the same image. */
static int find_root(void)
{
	DIR *devices = opendir("/sys/class/block");
	struct dirent *entry;

	root_name[0] = 0;
	if (!devices)
		give_up("/sys/class/block");
	while ((entry = readdir(devices))) {
		const char *name = entry->d_name;

		if (name[0] == '.' || strlen(name) >= NAME_SIZE)
			continue;
		if (root_name[0] && strcmp(name, root_name) > 0)
			continue;
		if (is_root(name))
			strcpy(root_name, name);
	}
	closedir(devices);
	return root_name[0] != 0;
}

static void list_disks(void)
{
	DIR *devices = opendir("/sys/class/block");
	struct dirent *entry;

	if (!devices)
		return;
	while ((entry = readdir(devices)))
		if (entry->d_name[0] != '.')
			say("there is a disk or partition %s", entry->d_name);
	closedir(devices);
}

void enter_root(void)
{
	long long deadline = now_ms() + DEVICE_WAIT_MS;
	char path[DEVICE_SIZE];

	mkdir("/root", 0755);
	while (!find_root()) {
		if (now_ms() > deadline) {
			list_disks();
			errno = ENODEV;
			give_up("no disk has the image's root file system");
		}
		sleep_ms(5);
	}
	device(root_name, path);
	if (mount(path, "/root", "erofs", MS_RDONLY, ""))
		give_up("mount the root file system");
	unlink("/init");
	if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) ||
	    mount("/sys", "/root/sys", NULL, MS_MOVE, NULL) ||
	    chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		give_up("switch root");
}

/* Name of the disk with this virtio-blk serial, e.g. "vdc". */
static int find_disk(const char *serial, char *name, size_t size)
{
	char path[64], found[64];
	char letter;

	for (letter = 'a'; letter <= 'z'; letter++) {
		ssize_t n;
		int fd;

		snprintf(path, sizeof path, "/sys/block/vd%c/serial", letter);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, found, sizeof found - 1);
		close(fd);
		if (n < 0)
			continue;
		found[n] = 0;
		found[strcspn(found, "\n")] = 0;
		if (!strcmp(found, serial)) {
			snprintf(name, size, "/dev/vd%c", letter);
			return 1;
		}
	}
	return 0;
}

/* "vda3" for the root "vda2"; 0: the root is a disk, not a partition. */
static int next_partition(char *name, size_t size)
{
	size_t length = strlen(root_name);
	char path[NAME_SIZE + 32];

	snprintf(path, sizeof path, "/sys/class/block/%s/partition",
		 root_name);
	if (access(path, F_OK))
		return 0;
	while (length && isdigit((unsigned char)root_name[length - 1]))
		length--;
	snprintf(name, size, "%.*s%d", (int)length, root_name,
		 atoi(root_name + length) + 1);
	return 1;
}

void mount_state(void)
{
	const long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME;
	char name[NAME_SIZE], disk[DEVICE_SIZE];

	if (next_partition(name, sizeof name)) {
		device(name, disk);
		if (mount(disk, "/state", "ext4", flags, "")) {
			say("The state partition %s cannot be mounted. Is the "
			    "disk smaller than the image? Choose a flavor "
			    "with a larger disk, or rebuild the server.",
			    name);
			give_up("mount /state");
		}
	} else if (find_disk(STATE_SERIAL, disk, sizeof disk)) {
		if (mount(disk, "/state", "ext4", flags, ""))
			give_up("mount /state");
	} else {
		say("no disk " STATE_SERIAL ": /state lasts until power off");
		mount_or_say("tmpfs", "/state", flags, "mode=0700,size=16m");
	}
	if (chmod("/state", 0700))
		say("chmod /state: %s", strerror(errno));
}
