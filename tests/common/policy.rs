//! A policy by which one partner gets everything.

use std::fs;
use std::path::{Path, PathBuf};

/// Writes it below a folder; says where. The partner is `a`.
pub(crate) fn policy(folder: &Path) -> PathBuf {
    let to = folder.join("policy");
    fs::create_dir(&to).expect("a folder");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo/policy");
    for name in ["schema.cedarschema", "levels.toml"] {
        fs::copy(demo.join(name), to.join(name)).expect("a file");
    }
    fs::write(to.join("partners.toml"), "partner = [{ id = \"a\" }]\n").expect("a file");
    fs::write(
        to.join("rules.cedar"),
        "@id(\"fuse\") permit (principal, action == Action::\"fuse_full\", resource);\n\
         @id(\"receive\") permit (principal, action == Action::\"receive_full\", resource);\n",
    )
    .expect("a file");
    to
}
