"""Numbers of the system calls that workers are refused, per architecture, grouped by why.

A table of our own instead of libseccomp: the numbers are a stable kernel interface, the filter is
one screen of code that can be read before it is trusted, and the Python binding (pyseccomp) starts
ldconfig or a compiler in each process to find its library.
"""

from __future__ import annotations

from signstation.system.linux import Machine

X32_BIT = 0x40000000
"""Set in the numbers of the x32 calls of an x86_64 kernel (arch/x86/include/uapi/asm/unistd.h)."""
NEWEST = 450
"""set_mempolicy_home_node of Linux 5.17, on all architectures. What came later is answered with
ENOSYS, as an older kernel would: nothing that is new can slip through, and libraries fall back."""

_NONE = -1

NETWORK = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
}
"""Sockets: the inherited one is all that a worker speaks through."""

NEW_PROGRAMS = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, _NONE),
    "vfork": (58, _NONE),
}
"""Other programs and copies of this one."""

OTHER_PROCESSES = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
"""Reading, writing or steering the memory of other processes."""

SIGNALS = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
}
"""Signals to others; a thread signals itself by tgkill (abort)."""

KERNEL = {
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "mount": (165, 40),
    "umount2": (166, 39),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "iopl": (172, _NONE),
    "ioperm": (173, _NONE),
    "modify_ldt": (154, _NONE),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "vhangup": (153, 58),
    "personality": (135, 92),
    "uselib": (134, _NONE),
}
"""Administration, and the doors through which kernels have been broken; nobody here needs them."""

SHARED_OBJECTS = {
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}
"""Objects that outlive the process and that others can open."""

FILE_CHANGES = {
    "openat2": (437, 437),  # its flags are behind a pointer, where a filter cannot look
    "creat": (85, _NONE),
    "mkdir": (83, _NONE),
    "mkdirat": (258, 34),
    "rmdir": (84, _NONE),
    "unlink": (87, _NONE),
    "unlinkat": (263, 35),
    "rename": (82, _NONE),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, _NONE),
    "linkat": (265, 37),
    "symlink": (88, _NONE),
    "symlinkat": (266, 36),
    "mknod": (133, _NONE),
    "mknodat": (259, 33),
    "chmod": (90, _NONE),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "chown": (92, _NONE),
    "fchown": (93, 55),
    "lchown": (94, _NONE),
    "fchownat": (260, 54),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "utime": (132, _NONE),
    "utimes": (235, _NONE),
    "futimesat": (261, _NONE),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
"""Everything that changes a file system, for kernels without Landlock too."""

RULED = {
    "open": (2, _NONE),
    "openat": (257, 56),
    "clone": (56, 220),
    "clone3": (435, 435),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "socket": (41, 198),
}
"""Calls that are judged by an argument."""

_ALL = (
    NETWORK
    | NEW_PROGRAMS
    | OTHER_PROCESSES
    | SIGNALS
    | KERNEL
    | SHARED_OBJECTS
    | FILE_CHANGES
    | RULED
)


def number(name: str, machine: Machine) -> int | None:
    """Return the number of a call of the tables; None where the architecture does not have it."""
    pair = _ALL[name]
    value = pair[0] if machine is Machine.X86_64 else pair[1]
    return None if value == _NONE else value
