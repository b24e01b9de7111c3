//! Trackweave for Python: what the library does, under Python's names.
//!
//! Rows go in and out through Arrow's C data interface, errors become Python exceptions with the words of the command, and whatever
//! takes time lets go of the interpreter. What Python's users see of it is typed in `trackweave/_trackweave.pyi`.

mod arrow; // tables by the C data interface
mod errors; // errors -> exceptions
mod times; // Python's times -> the library's
mod sensor; // sensors and detections made in code
mod tracker; // a tracker of one's own
mod recording; // folders, or rows of whatever holds them
mod run; // recordings -> pictures
mod done; // what a run made

use pyo3::prelude::*;

#[pymodule]
fn _trackweave(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", trackweave::product::ENGINE_VERSION)?;
    module.add_class::<arrow::Table>()?;
    module.add_class::<sensor::Sensor>()?;
    module.add_class::<sensor::Detection>()?;
    module.add_class::<tracker::Tracker>()?;
    module.add_class::<recording::Recording>()?;
    module.add_class::<done::Run>()?;
    module.add_class::<done::Page>()?;
    module.add_class::<done::Explanation>()?;
    module.add_function(wrap_pyfunction!(run::run, module)?)?;
    Ok(())
}
