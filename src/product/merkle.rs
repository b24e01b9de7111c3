//! The Merkle tree of an audit, as RFC 6962, section 2.1, has it.
//!
//! ```text
//! leaf(d) = sha256( 0x00 ‖ d )      node(l, r) = sha256( 0x01 ‖ l ‖ r )      root of nothing = sha256( )
//! ```
//!
//! d is the JSON of an entry as it stands in its line. The two prefixes keep a leaf from passing for a node. Only the
//! roots of full subtrees are kept, one for each bit of the number of leaves.

use sha2::{Digest, Sha256};

/// Roots of full subtrees with their numbers of leaves, the largest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Merkle(Vec<(u64, Sha256Hash)>);

type Sha256Hash = [u8; 32];

impl Merkle {
    /// Appends a leaf.
    pub(super) fn push(&mut self, leaf: &[u8]) {
        let (mut leaves, mut hash) = (1, hash(0, &[leaf]));
        while let Some((_, left)) = self.0.pop_if(|(before, _)| *before == leaves) {
            hash = node(&left, &hash);
            leaves *= 2;
        }
        self.0.push((leaves, hash));
    }

    /// The root over all leaves so far.
    pub(super) fn root(&self) -> Sha256Hash {
        let mut roots = self.0.iter().rev().map(|(_, root)| *root);
        let last = roots.next().unwrap_or_else(|| Sha256::digest([]).into());
        roots.fold(last, |right, left| node(&left, &right))
    }
}

fn node(left: &Sha256Hash, right: &Sha256Hash) -> Sha256Hash {
    hash(1, &[left, right])
}

fn hash(prefix: u8, parts: &[&[u8]]) -> Sha256Hash {
    let start = Sha256::new().chain_update([prefix]);
    parts.iter().fold(start, Digest::chain_update).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::digest::hex_of;

    /// The leaves and roots of the reference implementation of RFC 6962 (certificate-transparency, `merkle_tree_test`).
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Merkle::default();
        assert_eq!(hex_of(&tree.root()), roots[0]);
        for (leaf, root) in leaves.iter().zip(&roots[1..]) {
            tree.push(leaf);
            assert_eq!(hex_of(&tree.root()), *root, "after {leaf:?}");
        }
    }
}
