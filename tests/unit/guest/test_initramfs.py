import struct

import pytest

from servicevm.guest import initramfs


@pytest.mark.parametrize(
    ("wanted", "depends", "order"),
    [
        pytest.param(
            ["pci"],
            {"pci": ["virtio", "ring"], "virtio": ["ring"], "ring": []},
            ["ring", "virtio", "pci"],
            id="dependencies come first",
        ),
        pytest.param(
            ["b", "a"],
            {"a": [], "b": []},
            ["b", "a"],
            id="the order wanted is kept otherwise",
        ),
        pytest.param(
            ["a", "b"],
            {"a": ["c"], "b": ["c"], "c": []},
            ["c", "a", "b"],
            id="each is loaded once",
        ),
        pytest.param(
            ["erofs"],
            {"erofs": ["libcrc32c"]},
            ["erofs"],
            id="what is no module is built in",
        ),
    ],
)
def test_modules_are_loaded_after_what_they_need(
    wanted: list[str], depends: dict[str, list[str]], order: list[str]
) -> None:
    assert initramfs.load_order(wanted, depends) == order


def test_dependencies_are_read_from_the_modules(tmp_path) -> None:
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "virtio-pci.ko").write_bytes(
        b"ELF\0license=GPL\0depends=virtio_ring\0name=x\0"
    )
    (tmp_path / "virtio_ring.ko").write_bytes(b"ELF\0depends=\0name=y\0")
    found = initramfs.find_modules(tmp_path, ["virtio_pci"])
    assert [path.name for path in found] == [
        "virtio_ring.ko",
        "virtio-pci.ko",
    ]


def read_cpio(data: bytes) -> list[tuple[str, int, bytes]]:
    """An independent reader of the format, after cpio(5)."""
    found, at = [], 0
    while True:
        assert data[at : at + 6] == b"070701"
        fields = [
            int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)
        ]
        mode, size, length = fields[1], fields[6], fields[11]
        name = data[at + 110 : at + 110 + length - 1].decode()
        at = (at + 110 + length + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found.append((name, mode, data[at : at + size]))
        at = (at + size + 3) // 4 * 4


@pytest.mark.parametrize("size", range(5))
def test_an_archive_holds_what_went_in(size: int) -> None:
    entries = [
        ("init", 0o100755, b"x" * size),
        ("modules", 0o040755, b""),
        ("modules/a.ko", 0o100644, struct.pack("I", size)),
    ]
    assert read_cpio(initramfs.cpio(entries)) == entries
