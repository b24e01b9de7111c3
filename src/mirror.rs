//! Structs that exist in Rust and in WGSL under one name, and the joining of WGSL files.

/// Byte layout of one mirrored struct.
#[derive(Debug)]
pub struct Layout {
    /// Name, the same in both languages.
    pub name: &'static str,
    /// Total size in bytes.
    pub size: usize,
    /// Field names and byte offsets, in order.
    pub fields: &'static [(&'static str, usize)],
}

/// Declares a struct that is mirrored in WGSL; `tests/layout.rs` compares the two.
macro_rules! mirror {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $ty:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        pub struct $name { $($(#[$doc])* pub $field: $ty,)+ }

        impl $name {
            /// Byte layout, compared with WGSL by `tests/layout.rs`.
            pub const LAYOUT: $crate::mirror::Layout = $crate::mirror::Layout {
                name: stringify!($name),
                size: size_of::<$name>(),
                fields: &[$((stringify!($field), core::mem::offset_of!($name, $field))),+],
            };
        }
    };
}
pub(crate) use mirror;

/// Joins WGSL files into one module; order is free, since WGSL declarations are unordered.
macro_rules! wgsl {
    ($($file:literal),+ $(,)?) => {
        concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file, ".wgsl")), "\n"),+)
    };
}
pub(crate) use wgsl;
