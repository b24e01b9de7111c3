//! Files that are read: regular ones, opened without waiting, of a size that memory is meant for.
//!
//! A named pipe would block until somebody writes, a device may never end, and what a path names may change between a
//! question and the opening: so the opened file itself is asked what it is.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The longest text that is read whole: catalogues, configurations, scenarios, files of a policy.
pub(crate) const TEXT_MOST: u64 = 64 << 20;

/// Opens a regular file for reading, and nothing else; never waits for another process.
///
/// # Errors
/// What the system says, or what was found in place of a regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // To open a device may do something already, so the path is asked first.
    let says = |error: io::Error| io::Error::new(error.kind(), format!("{error}, wanted a regular file"));
    regular(std::fs::metadata(path).map_err(says)?.file_type())?;
    let mut options = OpenOptions::new();
    let file = without_waiting(options.read(true)).open(path).map_err(says)?;
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Whether a path names anything, a link that leads nowhere too. What cannot be known is not taken for absent.
///
/// # Errors
/// What the system says.
pub(crate) fn is_there(path: &Path) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads a regular file of at most `most` bytes.
///
/// # Errors
/// As [`open`], or the length that was found.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_open(open(path)?, most)
}

fn read_open(file: File, most: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(most)).unwrap_or(0));
    // One byte more than may be there tells a file that has grown since.
    let found = file.take(most.saturating_add(1)).read_to_end(&mut bytes)? as u64;
    if length.max(found) > most {
        return Err(not(format!("found {} bytes, wanted at most {most}", length.max(found))));
    }
    Ok(bytes)
}

/// Reads a regular file of UTF-8 text, of at most [`TEXT_MOST`] bytes.
///
/// # Errors
/// As [`read`], or the line that is not UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    text(read(path, TEXT_MOST)?)
}

/// Reads the text of an open file.
///
/// # Errors
/// As [`read_text`].
pub(crate) fn text_of(file: File) -> io::Result<String> {
    text(read_open(file, TEXT_MOST)?)
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let sound = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + sound.filter(|byte| **byte == b'\n').count();
        not(format!("line {line} is not UTF-8, wanted UTF-8 text"))
    })
}

/// The next bytes.
pub(crate) fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn not(what: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

fn regular(found: FileType) -> io::Result<()> {
    if found.is_file() { Ok(()) } else { Err(not(format!("found {}, wanted a regular file", kind(found)))) }
}

/// What something in the file system is, in words.
pub(crate) fn kind(found: FileType) -> &'static str {
    if found.is_file() {
        "a regular file"
    } else if found.is_dir() {
        "a folder"
    } else if found.is_symlink() {
        "a symbolic link"
    } else {
        special(found)
    }
}

#[cfg(unix)]
fn special(found: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if found.is_fifo() {
        "a named pipe"
    } else if found.is_socket() {
        "a socket"
    } else if found.is_char_device() || found.is_block_device() {
        "a device"
    } else {
        "something of an unknown kind"
    }
}

#[cfg(not(unix))]
fn special(_found: FileType) -> &'static str {
    "something of an unknown kind"
}

/// Reads bytes of a file from a place on, whoever else reads it.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(windows)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, at)
}

/// `O_NONBLOCK`: to open a named pipe returns at once, writer or not; for a regular file it means nothing.
#[cfg(unix)]
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    const O_NONBLOCK: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
        if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 0x80 } else { 0o4000 }
    } else {
        4
    };
    options.custom_flags(O_NONBLOCK)
}

#[cfg(not(unix))]
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "a = 1\n").expect("the file");
        assert_eq!(read_text(&path).expect("the text"), "a = 1\n");
        assert_eq!(open(folder.path()).expect_err("a folder").to_string(), "found a folder, wanted a regular file");
        assert_eq!(open(&folder.path().join("b")).expect_err("nothing").kind(), ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_devices_and_sockets_are_refused_by_name_and_nobody_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        let _listens = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).expect("a link");
        for (path, found) in [
            (pipe.as_path(), "a named pipe"),
            (&link, "a named pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = read_text(path).expect_err("an error").to_string();
            assert_eq!(error, format!("found {found}, wanted a regular file"));
        }
        // The same where the path has changed since it was asked.
        let opened = without_waiting(OpenOptions::new().read(true)).open(&pipe).expect("no wait");
        assert!(regular(opened.metadata().expect("metadata").file_type()).is_err());
    }

    #[test]
    fn what_is_too_long_or_not_text_is_refused_with_figures() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, b"a\nb\n\xff").expect("the file");
        assert_eq!(read(&path, 5).expect("the bytes").len(), 5);
        assert_eq!(read(&path, 4).expect_err("too long").to_string(), "found 5 bytes, wanted at most 4");
        let error = read_text(&path).expect_err("not text").to_string();
        assert_eq!(error, "line 3 is not UTF-8, wanted UTF-8 text");
    }
}
