//! What is built in is MNIST, byte for byte, by two witnesses: the checksums of the published files, and the `mnist` crate.

use std::{fs::File, path::Path};

use lenet_data::{Dataset, LabelledImages, ReadOptions, idx::Idx};
use sha2::{Digest, Sha256};

/// The raw files of MNIST, from what is built in.
fn raw_files() -> Vec<(&'static str, Idx<u8>)> {
    let Dataset { train, test, .. } = Dataset::mnist().unwrap();
    let images = |examples: &LabelledImages| {
        let pixels = examples.images().as_flattened().as_flattened().to_vec();
        Idx::new(vec![examples.len() as u32, 28, 28], pixels).unwrap()
    };
    let labels = |examples: &LabelledImages| Idx::new(vec![examples.len() as u32], examples.labels().to_vec()).unwrap();
    vec![
        ("train-images-idx3-ubyte", images(&train)),
        ("train-labels-idx1-ubyte", labels(&train)),
        ("t10k-images-idx3-ubyte", images(&test)),
        ("t10k-labels-idx1-ubyte", labels(&test)),
    ]
}

#[test]
fn files_have_the_published_checksums() {
    let published = [
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ];
    for ((name, idx), published) in raw_files().into_iter().zip(published) {
        let mut bytes = Vec::new();
        idx.write(&mut bytes).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, published, "{name}, {} bytes", bytes.len());
    }
}

#[test]
fn reader_agrees_with_the_mnist_crate_on_every_image_and_label() {
    let folder = tempfile::tempdir().unwrap();
    for (name, idx) in raw_files() {
        idx.write(File::create(folder.path().join(name)).unwrap()).unwrap();
    }
    let theirs = mnist::MnistBuilder::new().base_path(folder.path().to_str().unwrap()).finalize();
    let ours = Dataset::read_dir(folder.path(), ReadOptions::default()).unwrap();

    let agree = |ours: &LabelledImages, images: &[u8], labels: &[u8]| {
        assert!(ours.images().as_flattened().as_flattened() == images, "images differ");
        assert!(ours.labels() == labels, "labels differ");
    };
    assert_eq!((ours.train.len(), ours.test.len()), (60_000, 10_000));
    agree(&ours.train, &theirs.trn_img, &theirs.trn_lbl);
    agree(&ours.test, &theirs.tst_img, &theirs.tst_lbl);
}

#[test]
fn data_folder_lists_the_checksums_of_its_files() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let readme = std::fs::read_to_string(data.join("README.md")).unwrap();
    for name in ["train-1.zst", "train-2.zst", "test.zst"] {
        let digest = Sha256::digest(std::fs::read(data.join(name)).unwrap());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(readme.lines().any(|line| line.contains(name) && line.contains(&digest)), "{name}: {digest}");
    }
}
