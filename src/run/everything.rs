//! The policy of who has none: one partner, that may have everything fused and receives everything.

/// The name of its one partner, and so of the folder of the picture.
pub const THE_PICTURE: &str = "picture";

/// Its files.
pub const EVERYTHING: &[(&str, &str)] = &[
    ("schema.cedarschema", include_str!("../../data/policies/all-to-all/schema.cedarschema")),
    ("levels.toml", include_str!("../../data/policies/all-to-all/levels.toml")),
    ("partners.toml", "[[partner]]\nid = \"picture\"\n"),
    (
        "rules.cedar",
        "// There is no policy: everything is fused and shown.\n\
         @id(\"everything-is-fused\")\npermit (principal, action == Action::\"fuse_full\", resource);\n\n\
         @id(\"everything-is-shown\")\npermit (principal, action == Action::\"receive_full\", resource);\n",
    ),
];
