//! MNIST inside the program.
//!
//! Three zstd frames (`data/README.md` says how they were made, and against what they were weighed). A frame holds, for `n`
//! images, the `n` labels; for each row of each image the column where its ink begins; likewise the column after which
//! it ends; then the ink between, row after row. Two threads unpack the 70,000 images, straight into place, in some 120 ms.

use std::{
    io::{BufReader, Read},
    thread,
};

use ruzstd::decoding::StreamingDecoder;

use crate::{DataError, Dataset, Image, LabelledImages};

/// A frame, under the name of the file it was built from.
type Frame<'a> = (&'static str, &'a [u8]);

const TRAIN: usize = 60_000;
const TEST: usize = 10_000;
/// The first frame's share of the training images: with the other two on a second thread, both take about as long.
const FIRST: usize = 35_000;

const TRAIN_1: Frame<'static> = ("data/train-1.zst", include_bytes!("../data/train-1.zst"));
const TRAIN_2: Frame<'static> = ("data/train-2.zst", include_bytes!("../data/train-2.zst"));
const TEST_1: Frame<'static> = ("data/test.zst", include_bytes!("../data/test.zst"));

pub(crate) fn mnist() -> Result<Dataset, DataError> {
    let mut train = (vec![[[0; 28]; 28]; TRAIN], vec![0; TRAIN]);
    let mut test = (vec![[[0; 28]; 28]; TEST], vec![0; TEST]);
    let (images_1, images_2) = train.0.split_at_mut(FIRST);
    let (labels_1, labels_2) = train.1.split_at_mut(FIRST);

    let (helper, rest) = thread::scope(|scope| {
        let first = || unpack(TRAIN_1, images_1, labels_1);
        let helper = thread::Builder::new().spawn_scoped(scope, first);
        let rest = unpack(TRAIN_2, images_2, labels_2).and_then(|()| unpack(TEST_1, &mut test.0, &mut test.1));
        (helper.ok().map(|helper| helper.join()), rest)
    });
    rest?;
    match helper {
        Some(Ok(first)) => first?,
        Some(Err(_)) => return Err(damaged(TRAIN_1.0, "the thread that unpacks it died")),
        // Where there are no threads to be had, this one does it all.
        None => unpack(TRAIN_1, &mut train.0[..FIRST], &mut train.1[..FIRST])?,
    }
    Ok(Dataset {
        name: "mnist".into(),
        classes: crate::ClassNames::default(),
        train: LabelledImages::new(train.0, train.1)?,
        test: LabelledImages::new(test.0, test.1)?,
        held_out: false,
    })
}

fn damaged(file: &'static str, reason: impl ToString) -> DataError {
    DataError::BuiltIn { file, reason: reason.to_string() }
}

/// Unpacks a frame into images that are all ground, and as many labels.
fn unpack((file, bytes): Frame<'_>, images: &mut [Image], labels: &mut [u8]) -> Result<(), DataError> {
    let frame = StreamingDecoder::new(bytes).map_err(|error| damaged(file, error))?;
    let mut reader = BufReader::with_capacity(1 << 16, frame);
    read_part(&mut reader, images, labels).map_err(|reason| damaged(file, reason))?;
    let frame = reader.into_inner().into_frame_decoder();
    if frame.get_checksum_from_data() != frame.get_calculated_checksum() {
        return Err(damaged(file, "its checksum is wrong"));
    }
    Ok(())
}

fn read_part(reader: &mut impl Read, images: &mut [Image], labels: &mut [u8]) -> Result<(), String> {
    let mut fill = |bytes: &mut [u8]| reader.read_exact(bytes).map_err(|error| error.to_string());
    fill(labels)?;
    let mut starts = vec![[0_u8; 28]; images.len()];
    fill(starts.as_flattened_mut())?;
    let mut ends = vec![[0_u8; 28]; images.len()];
    fill(ends.as_flattened_mut())?;

    let rows = images.as_flattened_mut().iter_mut();
    for ((row, &start), &end) in rows.zip(starts.as_flattened()).zip(ends.as_flattened()) {
        let ink = row.get_mut(usize::from(start)..usize::from(end));
        fill(ink.ok_or("a row's ink ends before it begins")?)?;
    }
    match reader.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err("goes on after its last image".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack_test(bytes: &[u8], examples: usize) -> Result<(), String> {
        let (mut images, mut labels) = (vec![[[0; 28]; 28]; examples], vec![0; examples]);
        unpack((TEST_1.0, bytes), &mut images, &mut labels).map_err(|error| error.to_string())
    }

    /// Every kind of damage ends in an error of one line that names the frame; none in a panic, none unseen.
    #[test]
    fn damage_is_told() {
        let sound = TEST_1.1;
        assert_eq!(unpack_test(sound, TEST), Ok(()));
        let mut damaged = vec![
            (sound[..0].to_vec(), TEST),
            (sound[..sound.len() / 2].to_vec(), TEST),
            (sound[..sound.len() - 4].to_vec(), TEST),
            (sound.to_vec(), 0),
            (sound.to_vec(), TEST - 1),
            (sound.to_vec(), TEST + 1),
        ];
        for at in [0, 20, 300, 1_000, 100_000, 1_000_000, sound.len() - 1] {
            let mut bytes = sound.to_vec();
            bytes[at] ^= 0x10;
            damaged.push((bytes, TEST));
        }
        for (case, (bytes, examples)) in damaged.iter().enumerate() {
            let error = unpack_test(bytes, *examples).expect_err(&format!("case {case}"));
            assert!(error.starts_with("data/test.zst (built in): "), "{case}: {error}");
            assert!(error.ends_with("build the program again from a fresh copy of lenet-data"), "{case}: {error}");
            assert!(!error.contains('\n'), "{case}: {error}");
        }
        assert_eq!(
            unpack_test(sound, 0).unwrap_err(),
            "data/test.zst (built in): goes on after its last image; \
             build the program again from a fresh copy of lenet-data",
        );
        assert_eq!(
            unpack_test(&damaged.last().unwrap().0, TEST).unwrap_err(),
            "data/test.zst (built in): its checksum is wrong; build the program again from a fresh copy of lenet-data",
        );
    }
}
