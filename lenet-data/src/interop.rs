//! What the `mnist` crate has read, taken over.

use crate::{DataError, Dataset, Image, LabelledImages};

/// Takes over what the `mnist` crate has read. Its validation vectors, if any, become the last training examples:
/// [`Split`](crate::Split) holds some out again. Labels must be digits, not one-hot vectors.
///
/// ```
/// use lenet_data::Dataset;
///
/// let theirs = mnist::Mnist {
///     trn_img: vec![0; 2 * 784], trn_lbl: vec![3, 1],
///     val_img: vec![9; 784], val_lbl: vec![4],
///     tst_img: vec![255; 784], tst_lbl: vec![7],
/// };
/// let ours = Dataset::try_from(theirs)?;
/// assert_eq!(ours.train.labels(), [3, 1, 4]);
/// assert_eq!(ours.train.images()[2], [[9; 28]; 28]);
/// assert_eq!(ours.test.labels(), [7]);
/// # Ok::<(), lenet_data::DataError>(())
/// ```
impl TryFrom<mnist::Mnist> for Dataset {
    type Error = DataError;

    fn try_from(theirs: mnist::Mnist) -> Result<Self, DataError> {
        // Part by part, so that lengths that are wrong in two of them cannot make up for each other.
        let (mut images, mut labels) = part(&theirs.trn_img, theirs.trn_lbl, ["Mnist::trn_img", "Mnist::trn_lbl"])?;
        let held_out = part(&theirs.val_img, theirs.val_lbl, ["Mnist::val_img", "Mnist::val_lbl"])?;
        images.extend(held_out.0);
        labels.extend(held_out.1);
        let test = part(&theirs.tst_img, theirs.tst_lbl, ["Mnist::tst_img", "Mnist::tst_lbl"])?;
        Ok(Dataset {
            name: "mnist".into(),
            classes: crate::ClassNames::default(),
            train: LabelledImages::named(images, labels, "Mnist::trn_img", "Mnist::trn_lbl")?,
            test: LabelledImages::named(test.0, test.1, "Mnist::tst_img", "Mnist::tst_lbl")?,
            held_out: false,
        })
    }
}

fn part(
    pixels: &[u8],
    labels: Vec<u8>,
    [images_file, labels_file]: [&str; 2],
) -> Result<(Vec<Image>, Vec<u8>), DataError> {
    let (rows, pixels_left) = pixels.as_chunks::<28>();
    let (images, rows_left) = rows.as_chunks::<28>();
    if !pixels_left.is_empty() || !rows_left.is_empty() {
        return Err(DataError::PartOfAnImage { file: images_file.into(), bytes: pixels.len() });
    }
    if !images.is_empty() && labels.len() == 10 * images.len() {
        return Err(DataError::OneHot { file: labels_file.into() });
    }
    if labels.len() != images.len() {
        return Err(DataError::CountsDiffer {
            images_file: images_file.into(),
            labels_file: labels_file.into(),
            images: images.len(),
            labels: labels.len(),
        });
    }
    Ok((images.to_vec(), labels))
}
