/*
 * PID 1 of the guest, in the initramfs and after it.
 *
 * As the kernel's /init it loads the modules that /modules/order lists,
 * mounts the root file system and moves into it; then, as the same process,
 * it sets the machine up, runs the agent and restarts it when it ends, reaps
 * orphans, and powers off in order when it is asked to.
 *
 * Static and without a shell: what it does not do costs no boot time.
 */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESTART_MIN_MS 100
#define RESTART_MAX_MS 5000
#define EX_CONFIG 78 /* the agent was told nothing that it could use */
#define CONFIG_MS 60000
#define STEADY_MS 30000 /* an agent that ran this long starts afresh */
#define STOP_MS 5000    /* from TERM to KILL */
#define MAX_INPUTS 8

static char *const agent_argv[] = {
	"/usr/bin/python3", "-I", "-S", "-E", "-c",
	/* As running the archive would, but for what that loads first. */
	"import sys; sys.path.insert(0, '/opt/servicevm/agent.pyz'); "
	"from servicevm_agent.__main__ import main; sys.exit(main())",
	NULL,
};
static char *const agent_env[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
	NULL,
};

void say(const char *format, ...)
{
	char line[256];
	int n = snprintf(line, sizeof line, "servicevm-init: ");
	va_list args;

	va_start(args, format);
	n += vsnprintf(line + n, sizeof line - n - 1, format, args);
	va_end(args);
	if (n > (int)sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* no console: nobody to tell */
}

long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

static _Noreturn void power(int how)
{
	sync();
	reboot(how);
	for (;;)
		pause();
}

_Noreturn void give_up(const char *what)
{
	say("%s: %s; powering off", what, strerror(errno));
	power(RB_POWER_OFF);
}

void mount_or_say(const char *type, const char *where, long flags,
		  const char *data)
{
	if (mount(type, where, type, flags, data))
		say("mount %s: %s", where, strerror(errno));
}

/* A machine without a console has no descriptors either: what is opened
 * next must not be taken for one. */
static void open_console(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void check_memory(void)
{
	struct sysinfo info;
	unsigned long long mib;

	if (sysinfo(&info))
		return;
	mib = (unsigned long long)info.totalram * info.mem_unit >> 20;
	if (mib >= MIN_USABLE_MIB)
		return;
	say("Only %llu MiB of memory are left beside the kernel. Choose a "
	    "flavor with at least %d MiB of memory.", mib, MIN_MEMORY_MIB);
	errno = ENOMEM;
	give_up("memory");
}

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char name[128], path[160];

	if (!order)
		give_up("/modules/order");
	while (fgets(name, sizeof name, order)) {
		int fd;

		name[strcspn(name, "\n")] = 0;
		snprintf(path, sizeof path, "/modules/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			say("module %s: %s", name, strerror(errno));
		if (fd >= 0)
			close(fd);
		unlink(path); /* the initramfs is memory */
	}
	fclose(order);
	unlink("/modules/order");
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		say("lo: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void set_up(void)
{
	const long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	mount_or_say("proc", "/proc", safe, "");
	mount_or_say("tmpfs", "/run", MS_NOSUID | MS_NODEV,
		     "mode=0755,size=32m");
	mount_or_say("tmpfs", "/tmp", safe, "mode=1777,size=32m");
	mkdir("/run/netns", 0755);
	mount_state();
	loopback_up();
	if (sethostname("servicevm", 9))
		say("hostname: %s", strerror(errno));
}

static pid_t start_agent(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setsid();
		execve(agent_argv[0], agent_argv, agent_env);
		say("exec %s: %s", agent_argv[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0)
		say("fork: %s", strerror(errno));
	return pid;
}

static _Noreturn void stop_everything(int how)
{
	long long deadline = now_ms() + STOP_MS;

	kill(-1, SIGTERM);
	while (now_ms() < deadline) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			break;
		if (pid == 0)
			sleep_ms(5);
	}
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (umount2("/state", 0))
		say("umount /state: %s", strerror(errno));
	power(how);
}

static int open_inputs(struct pollfd *fds)
{
	char path[32];
	int i, n = 0;

	for (i = 0; i < MAX_INPUTS; i++) {
		snprintf(path, sizeof path, "/dev/input/event%d", i);
		fds[n].fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		fds[n].events = POLLIN;
		if (fds[n].fd >= 0)
			n++;
	}
	return n;
}

static int power_pressed(int fd)
{
	struct input_event event;
	int pressed = 0;

	while (read(fd, &event, sizeof event) == sizeof event)
		if (event.type == EV_KEY && event.code == KEY_POWER &&
		    event.value == 1)
			pressed = 1;
	return pressed;
}

static _Noreturn void supervise(void)
{
	struct pollfd fds[1 + MAX_INPUTS] = {{.events = POLLIN}};
	long long started = 0, again_at = 0;
	long backoff = RESTART_MIN_MS;
	pid_t agent = -1;
	sigset_t all;
	int count, i;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	fds[0].fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fds[0].fd < 0)
		give_up("signalfd");
	reboot(RB_DISABLE_CAD); /* ctrl-alt-del becomes SIGINT */
	count = 1 + open_inputs(fds + 1);
	for (;;) {
		struct signalfd_siginfo info;
		long long wait = -1;

		if (agent < 0) {
			wait = again_at - now_ms();
			if (wait <= 0) {
				started = now_ms();
				agent = start_agent();
				again_at = started + RESTART_MAX_MS;
				wait = agent < 0 ? RESTART_MAX_MS : -1;
			}
		}
		if (poll(fds, count, (int)wait) < 0 && errno != EINTR)
			give_up("poll");
		while (read(fds[0].fd, &info, sizeof info) == sizeof info) {
			int status;
			pid_t pid;

			switch (info.ssi_signo) {
			case SIGINT:
				stop_everything(RB_AUTOBOOT);
			case SIGTERM:
			case SIGUSR1:
			case SIGUSR2:
				stop_everything(RB_POWER_OFF);
			}
			while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
				if (pid != agent)
					continue;
				agent = -1;
				if (now_ms() - started > STEADY_MS)
					backoff = RESTART_MIN_MS;
				if (WIFEXITED(status) &&
				    WEXITSTATUS(status) == EX_CONFIG)
					backoff = CONFIG_MS;
				say("agent ended (%s %d); again in %ld ms",
				    WIFSIGNALED(status) ? "signal" : "exit",
				    WIFSIGNALED(status) ? WTERMSIG(status)
							: WEXITSTATUS(status),
				    backoff);
				again_at = now_ms() + backoff;
				backoff = backoff * 2 > RESTART_MAX_MS
						  ? RESTART_MAX_MS
						  : backoff * 2;
			}
		}
		for (i = 1; i < count; i++)
			if (fds[i].revents && power_pressed(fds[i].fd))
				stop_everything(RB_POWER_OFF);
	}
}

int main(void)
{
	if (getpid() != 1) {
		say("this is the guest's PID 1 and nothing else");
		return 2;
	}
	if (mount("dev", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"))
		say("mount /dev: %s", strerror(errno));
	open_console();
	check_memory();
	mkdir("/sys", 0755);
	mount_or_say("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
	load_modules();
	enter_root();
	set_up();
	supervise();
}
