"""The smallest guest there is: a boot sector that says that it runs."""

import struct

__all__ = ["WORDS", "disk"]

WORDS = b"the guest has booted\r\n"

#: 16-bit code at 0x7c00: each byte of what follows goes to the first serial
#: port, then the processor is halted.
_CODE = bytes(
    [
        *(0x31, 0xC0),  # xor ax, ax
        *(0x8E, 0xD8),  # mov ds, ax
        0xFC,  # cld
        *(0xBE, 0x16, 0x7C),  # mov si, 0x7c16: the words
        *(0xBA, 0xF8, 0x03),  # mov dx, 0x3f8
        0xAC,  # next: lodsb
        *(0x84, 0xC0),  # test al, al
        *(0x74, 0x03),  # jz end
        0xEE,  # out dx, al
        *(0xEB, 0xF8),  # jmp next
        0xF4,  # end: hlt
        *(0xEB, 0xFD),  # jmp end
    ]
)


#: Glance refuses a disk with a boot sector and without a partition (2026.2).
_PARTITION = struct.pack(
    "<B3sB3sII", 0x80, b"\0\2\0", 0x83, b"\xff\xff\xff", 1, 2047
)


def disk() -> bytes:
    """A raw disk of 1 MiB."""
    code = (_CODE + WORDS + b"\0").ljust(446, b"\0")
    sector = (code + _PARTITION).ljust(510, b"\0") + b"\x55\xaa"
    return sector.ljust(1 << 20, b"\0")
