"""The Merkle tree against the published vectors of RFC 6962, and its proofs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signstation.audit.tree import inclusion_path, leaf_hash, root_hash, root_of_path

INPUTS = tuple(
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Of the first n inputs: certificate-transparency's merkle_tree_test.cc."""
LEAVES = tuple(map(leaf_hash, INPUTS))


def test_roots_are_those_of_the_published_vectors() -> None:
    """Every size from none to eight."""
    assert [root_hash(LEAVES[:size]).hex() for size in range(9)] == list(ROOTS)


def test_path_of_the_published_vectors() -> None:
    """Leaf 6 of 8, and leaf 3 of 3: certificate-transparency's merkle_tree_test.cc."""
    assert [each.hex() for each in inclusion_path(LEAVES, 5)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [each.hex() for each in inclusion_path(LEAVES[:3], 2)] == [ROOTS[2]]


@given(st.integers(1, 70), st.data())
def test_a_path_leads_to_the_root_and_no_other_does(size: int, data: st.DataObject) -> None:
    """A changed leaf, another place, and a path that is too short or too long are refused."""
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root, path = root_hash(leaves), inclusion_path(leaves, index)
    assert root_of_path(leaves[index], index, size, path) == root
    assert root_of_path(leaf_hash(b"other"), index, size, path) != root
    assert root_of_path(leaves[index], index, size, (*path, root)) != root
    assert root_of_path(leaves[index], size, size, path) is None
    if path:
        assert root_of_path(leaves[index], index, size, path[:-1]) is None
        assert root_of_path(leaves[index], index ^ 1, size, path) != root
