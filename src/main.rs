//! The program `trackweave`: `src/commands/` is its command line, the library does the work.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(unix)]
    let _not_begun_again = begin_again_without_window_system();
    trackweave::commands::main(std::env::args_os())
}

/// Where there is no window system, the layer of Mesa's drivers that asks it for a device writes an error, which means
/// nothing here. The layer is left out by a variable that drivers read as they are loaded: so the program takes its own place
/// with it. Comes back where that is not needed or not possible.
#[cfg(unix)]
fn begin_again_without_window_system() -> Option<std::io::Error> {
    use std::os::unix::process::CommandExt as _;
    const LEFT_OUT: &str = "NODEVICE_SELECT";
    let is_folder = |folder: std::ffi::OsString| std::path::Path::new(&folder).is_dir();
    if std::env::var_os("XDG_RUNTIME_DIR").is_some_and(is_folder) || std::env::var_os(LEFT_OUT).is_some() {
        return None;
    }
    let mut command = std::process::Command::new(std::env::current_exe().ok()?);
    let mut arguments = std::env::args_os();
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    Some(command.args(arguments).env(LEFT_OUT, "1").exec())
}
