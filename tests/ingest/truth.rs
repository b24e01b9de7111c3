//! Truth: read whole or in batches, and never with a fault.

use std::fmt::Write as _;

use trackweave::ingest::{TruthReader, read_truth};

use super::{assert_says, folder, local};

#[test]
fn any_fault_of_the_truth_is_an_error() {
    let read = |text: &str| read_truth(folder("truth.csv", text).path(), &local());
    let truth = read("time,object,x_m,y_m,vx_m_s,vy_m_s\n1,7,1,2,3,4\n1,b,5,6,7,8\n2,7,9,9,9,9\n").unwrap().unwrap();
    assert_eq!((truth.objects, truth.object), (vec!["7".to_owned(), "b".to_owned()], vec![0, 1, 0]));
    assert_eq!(format!("{:?}", truth.position_m[1]), "[5.0, 6.0, 0.0]");
    assert_eq!(format!("{:?}", truth.velocity_m_s.unwrap()[0]), "[3.0, 4.0, 0.0]");
    let empty = read("time,object,x_m,y_m,vx_m_s\n").unwrap().unwrap();
    assert!(empty.time_us.is_empty());
    let cases: &[(&str, &[&str])] = &[
        ("time,object,x_m\n1,a,2\n", &["column `y_m` is missing"]),
        ("time,object,x_m,y_m\n1,,2,3\n", &["truth.csv, line 2: column `object` is empty; wanted a value"]),
        ("time,object,x_m,y_m\n1,a,2,nan\n", &["line 2: column `y_m` is NaN; wanted a finite number"]),
        ("time,object,x_m,y_m,vx_m_s,vy_m_s\n1,a,2,3,4,\n", &["line 2: column `vy_m_s` is empty"]),
        ("time,object,x_m,y_m,vx_m_s\n1,a,2,3,4\n", &["column `vy_m_s` is missing"]),
        ("time,object,x_m,y_m\n2,a,2,3\n1,a,2,3\n", &["line 3: column `time` is 1; wanted a time not before"]),
        ("time,object,x_m,y_m,sensor\n", &["column `sensor` is unknown here", "`object`"]),
    ];
    for (text, pieces) in cases {
        assert_says(&read(text).unwrap_err(), pieces);
    }
}

#[test]
fn truth_in_batches_is_the_truth_whole() {
    let mut text = "time,object,x_m,y_m\n".to_owned();
    for i in 0..100 {
        writeln!(text, "{i},o{},{i},0", i % 9).unwrap();
    }
    let (folder, catalogue) = (folder("truth.csv", &text), local());
    let whole = read_truth(folder.path(), &catalogue).unwrap().unwrap();
    let mut reader = TruthReader::open(folder.path(), &catalogue, 7).unwrap().unwrap();
    let (mut objects, mut batches) = (Vec::new(), 0);
    while let Some(batch) = reader.next_batch().unwrap() {
        assert!(batch.time_us.len() <= 7);
        objects.extend(batch.object);
        batches += 1;
    }
    assert_eq!((objects, reader.objects(), batches), (whole.object, whole.objects.as_slice(), 15));
}
