//! Structs and numbers that exist in Rust and in WGSL under one name, and the joining of WGSL files.

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

/// Numbers that have names in both languages.
#[derive(Debug)]
pub struct Numbers {
    /// What their names in WGSL begin with.
    pub prefix: &'static str,
    /// Their names in Rust: `PlacesAndEnd` is `PREFIX_PLACES_AND_END` in WGSL.
    pub names: &'static [(&'static str, u32)],
}

/// Declares an enum whose numbers are constants in WGSL; `tests/layout.rs` compares the two.
#[cfg(feature = "device")]
macro_rules! numbered {
    ($(#[$meta:meta])* pub enum $name:ident = $prefix:literal {
        $($(#[$doc:meta])* $variant:ident = $number:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum $name { $($(#[$doc])* $variant = $number,)+ }

        impl $name {
            /// Names and numbers, compared with WGSL by `tests/layout.rs`.
            pub const NUMBERS: $crate::mirror::Numbers =
                $crate::mirror::Numbers { prefix: $prefix, names: &[$((stringify!($variant), $number)),+] };
        }
    };
}
#[cfg(feature = "device")]
pub(crate) use numbered;

/// Joins WGSL files into one module; order is free, since WGSL declarations are unordered.
#[cfg(feature = "device")]
macro_rules! wgsl {
    ($($file:literal),+ $(,)?) => {
        concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $file, ".wgsl")), "\n"),+)
    };
}
#[cfg(feature = "device")]
pub(crate) use wgsl;
