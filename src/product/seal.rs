//! Seals: a signature over the manifest of every folder, and on demand every partner's folder encrypted to its key.
//!
//! `manifest.sig` beside a manifest is the Ed25519 signature over the bytes of `manifest.json`, 128 lower-case
//! hexadecimal digits and a newline. The manifest has the digests of all other files and names the partner, so one
//! signature covers the folder, and none fits another folder.
//!
//! `OUT/_sealed/<partner>.tar.age` is the partner's folder, signature included, as a tar archive encrypted with
//! [age](https://age-encryption.org/v1) to the partner's `age_recipient`. Encryption needs fresh randomness: with any
//! other, two runs over different pictures would share a key stream. So these files, and the manifest beside them,
//! differ between equal runs; what comes out of them does not.

use std::fs;
use std::path::Path;

use super::digest::{HashedFile, names_in};
use super::error::{ProductError, io_error};
use super::keys::SigningKey;
use super::manifest::{FileEntry, MANIFEST};

/// The name of the signature in every folder.
pub(super) const SIGNATURE: &str = "manifest.sig";
/// The folder of encrypted folders; no partner can have this id.
pub(super) const SEALED: &str = "_sealed";

/// How an output is sealed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sealing<'a> {
    /// The key that signs; without one nothing is signed.
    pub sign: Option<&'a SigningKey>,
    /// The keys that folders are encrypted to; without them nothing is encrypted.
    pub encrypt: Option<&'a Recipients>,
    /// The operator's word for the run, in every manifest; the pictures' have it from [`super::Made`].
    pub label: Option<&'a str>,
}

/// The age recipient of each partner.
#[derive(Clone, Debug)]
pub struct Recipients(Vec<(String, crypt::Recipient)>);

impl Recipients {
    /// Reads the recipient of every partner: an `age1…` key each.
    ///
    /// # Errors
    /// A partner without a key, a key that is none, or a program built without the feature `encrypt`.
    pub fn of<'a>(partners: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Result<Self, ProductError> {
        let read = |(partner, key): (&str, Option<&str>)| {
            let wrong = |found: String| ProductError::Recipient { partner: partner.to_owned(), found };
            let key = key.ok_or_else(|| wrong("no `age_recipient`".to_owned()))?;
            crypt::recipient(key).map(|key| (partner.to_owned(), key)).ok_or_else(|| wrong(format!("`{key}`")))
        };
        if cfg!(feature = "encrypt") {
            partners.into_iter().map(read).collect::<Result<_, _>>().map(Self)
        } else {
            Err(ProductError::NoEncryption)
        }
    }

    /// Encrypts the folder of a partner.
    pub(super) fn encrypt(&self, partner: &str, folder: &Path, to: &Path) -> Result<FileEntry, ProductError> {
        let missing =
            || ProductError::Recipient { partner: partner.to_owned(), found: "no `age_recipient`".to_owned() };
        let (_, recipient) = self.0.iter().find(|(id, _)| id == partner).ok_or_else(missing)?;
        let mut archive = Vec::new();
        for name in names_in(folder)? {
            let path = folder.join(&name);
            let bytes = fs::read(&path).map_err(io_error(&path, "read the file"))?;
            archive.extend(tar_header(&format!("{partner}/{name}"), bytes.len() as u64));
            archive.extend(&bytes);
            archive.resize(archive.len().next_multiple_of(512), 0);
        }
        archive.resize(archive.len() + 1024, 0);
        let mut file = HashedFile::create(&to.join(format!("{partner}.tar.age")))?;
        crypt::encrypt(recipient, &archive, &mut file).map_err(io_error(&to.join(partner), "encrypt the folder"))?;
        file.finish()
    }
}

/// Signs the manifest in a folder.
pub(super) fn sign(folder: &Path, key: &SigningKey) -> Result<(), ProductError> {
    let manifest = folder.join(MANIFEST);
    let bytes = fs::read(&manifest).map_err(io_error(&manifest, "read the file"))?;
    let mut file = HashedFile::create(&folder.join(SIGNATURE))?;
    file.append(format!("{}\n", key.sign(&bytes)).as_bytes())?;
    file.finish().map(drop)
}

/// The head of a file in a POSIX ustar archive: no owner, no time. A length beyond eight octal gigabytes is written in
/// base 256, as GNU tar does.
fn tar_header(name: &str, bytes: u64) -> [u8; 512] {
    let mut size = format!("{bytes:011o}\0").into_bytes();
    if size.len() > 12 {
        size = [&[0x80, 0, 0, 0], bytes.to_be_bytes().as_slice()].concat();
    }
    let fields: [(usize, &[u8]); 9] = [
        (0, name.as_bytes()),
        (100, b"0000600\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, &size),
        (136, b"00000000000\0"),
        // The sum is taken with blanks in its place.
        (148, b"        "),
        (156, b"0"),
        (257, b"ustar\x0000"),
    ];
    let mut header = [0; 512];
    let put = |header: &mut [u8; 512], at: usize, bytes: &[u8]| {
        for (to, from) in header.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    };
    for (at, bytes) in fields {
        put(&mut header, at, bytes);
    }
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(feature = "encrypt")]
mod crypt {
    //! What `age` does.

    use std::io::{self, Write};

    pub(super) use age::x25519::Recipient;

    pub(super) fn recipient(key: &str) -> Option<Recipient> {
        key.parse().ok()
    }

    pub(super) fn encrypt(to: &Recipient, bytes: &[u8], file: impl Write) -> io::Result<()> {
        let to = std::iter::once(to as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(to).map_err(io::Error::other)?;
        let mut writer = encryptor.wrap_output(file)?;
        writer.write_all(bytes)?;
        writer.finish().map(drop)
    }
}

#[cfg(not(feature = "encrypt"))]
mod crypt {
    //! Nothing: this build has no encryption, and [`super::Recipients::of`] says so.

    use std::io::{self, Write};

    #[derive(Clone, Debug)]
    pub(super) enum Recipient {}

    pub(super) fn recipient(_key: &str) -> Option<Recipient> {
        None
    }

    pub(super) fn encrypt(to: &Recipient, _bytes: &[u8], _file: impl Write) -> io::Result<()> {
        match *to {}
    }
}
