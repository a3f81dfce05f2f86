//! Makes what `data/` holds before it is compressed: reads a folder of the four IDX files of MNIST and writes `train-1`,
//! `train-2` and `test` into another. `data/README.md` has the whole recipe, `src/builtin.rs` the way back.

use std::{env, error::Error, fs, path::Path};

use lenet_data::{Dataset, Image, ReadOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let folders: Vec<String> = env::args().skip(1).collect();
    let [from, to] = &folders[..] else {
        return Err("usage: pack FOLDER-OF-IDX-FILES FOLDER-TO-WRITE".into());
    };
    let Dataset { train, test, .. } = Dataset::read_dir(Path::new(from), ReadOptions::default())?;
    let (images_1, images_2) = train.images().split_at(35_000);
    let (labels_1, labels_2) = train.labels().split_at(35_000);
    let to = Path::new(to);
    fs::write(to.join("train-1"), pack(images_1, labels_1))?;
    fs::write(to.join("train-2"), pack(images_2, labels_2))?;
    fs::write(to.join("test"), pack(test.images(), test.labels()))?;
    Ok(())
}

/// Labels, then the first column of ink of each row, then the column after the last, then the ink between.
fn pack(images: &[Image], labels: &[u8]) -> Vec<u8> {
    let (mut starts, mut ends, mut ink) = (Vec::new(), Vec::new(), Vec::new());
    for row in images.as_flattened() {
        let start = row.iter().position(|&pixel| pixel != 0).unwrap_or(0);
        let end = row.iter().rposition(|&pixel| pixel != 0).map_or(0, |last| last + 1);
        starts.push(start as u8);
        ends.push(end as u8);
        ink.extend(&row[start..end]);
    }
    [labels, &starts, &ends, &ink].concat()
}
