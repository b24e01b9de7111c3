//! KML 2.2 with `gx:Track`: a placemark a track, with a time and a place each row, and status and existence beside them.
//!
//! Heights are above the WGS 84 ellipsoid. KML means heights above the geoid (EGM96), which lies up to 107 m from it:
//! without a model of the geoid nothing is converted, and the file says so.

use std::io::Write;

use super::ExportError;
use super::source::{Row, Source};
use crate::product::NewFile;
use crate::time::format_timestamp;

const HEAD: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<kml xmlns=\"http://www.opengis.net/kml/2.2\" xmlns:gx=\"http://www.google.com/kml/ext/2.2\">
<Document>
<name>tracks</name>
<description>Heights are above the WGS 84 ellipsoid, not above the geoid.</description>
<Schema id=\"row\">
<gx:SimpleArrayField name=\"status\" type=\"string\"/>
<gx:SimpleArrayField name=\"existence\" type=\"float\"/>
</Schema>
";
const FOOT: &str = "</Document>\n</kml>\n";

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    write!(out, "{HEAD}")?;
    source.by_track(|rows| track(rows, out))?;
    Ok(write!(out, "{FOOT}")?)
}

fn track(rows: &[Row], out: &mut NewFile) -> Result<(), ExportError> {
    let Some(first) = rows.first() else { return Ok(()) };
    if rows.len() == 1 {
        return point(first, out);
    }
    writeln!(out, "<Placemark>\n<name>{}</name>\n<gx:Track>", first.track)?;
    writeln!(out, "<altitudeMode>absolute</altitudeMode>")?;
    for row in rows {
        writeln!(out, "<when>{}</when>", format_timestamp(row.time_us))?;
    }
    for row in rows {
        let [longitude, latitude, altitude] = row.lon_lat_alt();
        writeln!(out, "<gx:coord>{longitude:.7} {latitude:.7} {altitude:.2}</gx:coord>")?;
    }
    writeln!(out, "<ExtendedData>\n<SchemaData schemaUrl=\"#row\">\n<gx:SimpleArrayData name=\"status\">")?;
    for row in rows {
        writeln!(out, "<gx:value>{}</gx:value>", row.status())?;
    }
    writeln!(out, "</gx:SimpleArrayData>\n<gx:SimpleArrayData name=\"existence\">")?;
    for row in rows {
        writeln!(out, "<gx:value>{}</gx:value>", existence(row))?;
    }
    let end = "</gx:SimpleArrayData>\n</SchemaData>\n</ExtendedData>\n</gx:Track>\n</Placemark>";
    Ok(writeln!(out, "{end}")?)
}

/// A track of one row: a line of one place is none, and readers refuse it.
fn point(row: &Row, out: &mut NewFile) -> Result<(), ExportError> {
    let [longitude, latitude, altitude] = row.lon_lat_alt();
    writeln!(out, "<Placemark>\n<name>{}</name>", row.track)?;
    writeln!(out, "<TimeStamp><when>{}</when></TimeStamp>\n<ExtendedData>", format_timestamp(row.time_us))?;
    writeln!(out, "<Data name=\"status\"><value>{}</value></Data>", row.status())?;
    writeln!(out, "<Data name=\"existence\"><value>{}</value></Data>\n</ExtendedData>", existence(row))?;
    writeln!(out, "<Point>\n<altitudeMode>absolute</altitudeMode>")?;
    writeln!(out, "<coordinates>{longitude:.7},{latitude:.7},{altitude:.2}</coordinates>\n</Point>\n</Placemark>")?;
    Ok(())
}

/// Nothing where it is withheld.
fn existence(row: &Row) -> String {
    row.existence.map(|existence| existence.to_string()).unwrap_or_default()
}
