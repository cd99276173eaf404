/* What the parts of PID 1 share. */
#ifndef SERVICEVM_INIT_H
#define SERVICEVM_INIT_H

/* One line for the console. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say what failed, with errno, and power off. */
_Noreturn void give_up(const char *what);

/* Mount a file system named as its type; say so where that fails. */
void mount_or_say(const char *type, const char *where, long flags,
		  const char *data);

long long now_ms(void);
void sleep_ms(long ms);

/* Make the root file system this process' root; /dev and /sys move along. */
void enter_root(void);

/* Mount /state, once the root is entered. */
void mount_state(void);

#endif
