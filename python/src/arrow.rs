//! Tables in and out by Arrow's C data interface, the way of pyarrow, polars, pandas and DuckDB: pointers to rows, no copies.

use crate::done::{Kept, iframe};
use crate::errors::Said;
use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{RecordBatch, RecordBatchIterator, RecordBatchReader as _};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};
use std::ffi::CStr;
use std::path::PathBuf;
use std::sync::Arc;

/// The name of a capsule that holds a stream of batches.
const STREAM: &CStr = c"arrow_array_stream";

/// The batches of an object that has `__arrow_c_stream__`, or of something that makes one: at least one, perhaps without rows.
pub(crate) fn batches(given: &Bound<'_, PyAny>) -> PyResult<Vec<RecordBatch>> {
    if !given.hasattr("__arrow_c_stream__")? {
        let kind = given.get_type().fully_qualified_name()?;
        return Err(PyTypeError::new_err(format!(
            "found {kind}, wanted a table with `__arrow_c_stream__`: of pyarrow, polars, pandas 2.2 or later, DuckDB"
        )));
    }
    let capsule = given.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // The capsule lives until the stream has been taken out of it; what is left in it is a stream that has been released.
    #[expect(unsafe_code, reason = "a capsule of this name holds such a stream, by the definition of the interface")]
    let reader = unsafe { ArrowArrayStreamReader::from_raw(pointer.as_ptr()) }.map_err(|error| of_arrow(&error))?;
    let schema = reader.schema();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().map_err(|error| of_arrow(&error))?;
    Ok(if batches.is_empty() { vec![RecordBatch::new_empty(schema)] } else { batches })
}

/// What Arrow says.
pub(crate) fn of_arrow(error: &ArrowError) -> PyErr {
    Said::input(error.to_string()).into()
}

/// Batches as a capsule that other libraries take.
pub(crate) fn stream(py: Python<'_>, schema: SchemaRef, batches: Vec<RecordBatch>) -> PyResult<Bound<'_, PyCapsule>> {
    let reader = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), STREAM)
}

/// A table: tracks, or a picture.
#[pyclass(frozen, module = "trackweave")]
#[derive(Debug)]
pub(crate) struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    /// The page that shows it, and the output that has it.
    page: Option<(Arc<Kept>, PathBuf)>,
}

impl Table {
    pub(crate) fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches, page: None }
    }

    pub(crate) fn shown_by(self, kept: Arc<Kept>, page: PathBuf) -> Self {
        Self { page: Some((kept, page)), ..self }
    }
}

#[pymethods]
impl Table {
    /// The rows as Arrow's C data interface hands them over.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        stream(py, Arc::clone(&self.schema), self.batches.clone())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref()).map_err(|error| of_arrow(&error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// The rows as a `pyarrow.Table`.
    fn to_pyarrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("pyarrow")?.call_method1("table", (slf,))
    }

    /// The rows as a `polars.DataFrame`.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("polars")?.call_method1("DataFrame", (slf,))
    }

    /// The rows as a `pandas.DataFrame`, by way of pyarrow.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::to_pyarrow(slf)?.call_method0("to_pandas")
    }

    fn __repr__(&self) -> String {
        format!("<trackweave.Table: {} rows of {}>", self.__len__(), self.column_names().join(", "))
    }

    /// The page that shows it, inline in a notebook; nothing for a table without one.
    fn _repr_html_(&self) -> PyResult<Option<String>> {
        self.page.as_ref().map(|(_, page)| iframe(page)).transpose()
    }
}

/// JSON as Python has it.
pub(crate) fn from_json<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method("loads", (json,), None::<&Bound<'_, PyDict>>)
}
