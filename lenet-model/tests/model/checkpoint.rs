//! Networks on disk: what is saved is read back to the bit, and what is not one of our models is refused in one line
//! that names the file, what is wrong with it, and what to do.

use crate::common::bits;
use lenet_layers::{Init, ParamInfo, Params, Tanh, initialize};
use lenet_model::{
    ActivationName, Checkpoint, CheckpointError, Description, DigitNetwork, LeNet5, LeNet5Average, NetworkName,
    Normalization, save,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn description(network: NetworkName, activation: ActivationName) -> Description {
    Description {
        recipe: r#"{"epochs": 20, "says": "\"quoted\", ±"}"#.into(),
        seed: Some(u64::MAX),
        data: "mnist, upside down".into(),
        classes: vec!["a \"cat\"".into(), "łoś\n".into()],
        epoch: 17,
        margin: Some(0.3),
        ..Description::new(network, activation, Normalization { ground: -0.1, ink: 1.175 })
    }
}

fn random_network<N: DigitNetwork>() -> Box<N> {
    let mut network = N::boxed_zeroed();
    initialize(&mut *network, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(3));
    // Numbers that a text format or a careless comparison would lose.
    network.tensor_mut(0)[..4].copy_from_slice(&[-0.0, f32::MIN_POSITIVE / 8.0, f32::MAX, 1.0 / 3.0]);
    network
}

/// A model of LeNet-5 as the bytes of its file.
fn model() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&*random_network::<LeNet5>(), &description(NetworkName::LeNet5, ActivationName::ScaledTanh), &path).unwrap();
    fs::read(path).unwrap()
}

/// Opens a model and reads its network, of the type in its description.
fn load(path: &Path, bytes: Vec<u8>) -> Result<(), CheckpointError> {
    Checkpoint::from_bytes(path, bytes)?.any_network().map(drop)
}

const NAME: &str = "some-folder/some-model.safetensors";

/// The error of a bad file: one line with the file's name and what to do.
fn refusal(bytes: Vec<u8>) -> CheckpointError {
    let error = load(Path::new(NAME), bytes).expect_err("a bad file was taken for a model");
    assert_one_line(&error, NAME);
    error
}

fn assert_one_line(error: &CheckpointError, file: &str) {
    let text = error.to_string();
    assert!(text.starts_with(&format!("{file}: ")), "does not name the file: {text}");
    assert_eq!(text.lines().count(), 1, "not one line: {text:?}");
    assert!(text.len() < 400, "not short: {text}");
    assert!(!text.chars().any(char::is_control), "not plain text: {text:?}");
}

fn assert_format(bytes: Vec<u8>) {
    let error = refusal(bytes);
    assert!(matches!(error, CheckpointError::Format { .. }), "{error}");
    assert!(error.to_string().contains("give a file that lenet-model has written"), "{error}");
}

/// Asserts that the file is refused because it is not one of our models, with `reason` in the message.
fn assert_foreign(bytes: Vec<u8>, reason: &str) {
    let error = refusal(bytes);
    assert!(matches!(error, CheckpointError::Foreign { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(reason) && text.contains("give a file that lenet-model has written"), "{text}");
}

/// Asserts that the file is refused for its tensor `name`, with `reason` in the message.
fn assert_tensor(bytes: Vec<u8>, name: &str, reason: &str) {
    let error = refusal(bytes);
    assert!(matches!(&error, CheckpointError::Tensor { tensor, .. } if tensor == name), "{error}");
    let text = error.to_string();
    assert!(text.contains(reason) && text.contains("lenet5"), "{text}");
}

/// A safetensors file taken apart, to be changed and put together again.
struct Parts {
    metadata: HashMap<String, String>,
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
        let file = SafeTensors::deserialize(bytes).unwrap();
        let tensors =
            file.tensors().into_iter().map(|(n, v)| (n, v.dtype(), v.shape().to_vec(), v.data().to_vec())).collect();
        Parts { metadata: header.metadata().clone().unwrap_or_default(), tensors }
    }

    fn bytes(&self) -> Vec<u8> {
        let views =
            self.tensors.iter().map(|(n, t, shape, data)| (n, TensorView::new(*t, shape.clone(), data).unwrap()));
        safetensors::serialize(views, Some(self.metadata.clone())).unwrap()
    }

    fn tensor(&mut self, name: &str) -> &mut (String, Dtype, Vec<usize>, Vec<u8>) {
        self.tensors.iter_mut().find(|t| t.0 == name).unwrap()
    }
}

/// The model with a change.
fn changed(change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::of(&model());
    change(&mut parts);
    parts.bytes()
}

fn round_trip(name: NetworkName, activation: ActivationName) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a model.safetensors");
    let (mut network, told) = (name.zeroed(activation), description(name, activation));
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let arrays = network.info().tensors().len();
    for i in 0..arrays {
        network.tensor_mut(i).iter_mut().for_each(|number| *number = random.random_range(-1.0..1.0));
    }
    // Numbers that a text format or a careless comparison would lose.
    network.tensor_mut(0)[..4].copy_from_slice(&[-0.0, f32::MIN_POSITIVE / 8.0, f32::MAX, 1.0 / 3.0]);
    save(&*network, &told, &path).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    assert_eq!(checkpoint.description, told);
    let again = checkpoint.any_network().unwrap();
    assert!(bits(&*again) == bits(&*network), "{name} {activation}");
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(files, ["a model.safetensors"]);
}

#[test]
fn every_network_comes_back_to_the_bit() {
    for network in NetworkName::ALL {
        for activation in network.activations() {
            round_trip(*network, *activation);
        }
    }
}

#[test]
fn tensors_are_named_and_shaped_as_pytorch_would_have_them() {
    let bytes = model();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut shapes: Vec<_> = file.tensors().into_iter().map(|(n, v)| (n, v.shape().to_vec())).collect();
    shapes.sort();
    let wanted: Vec<(String, Vec<usize>)> = [
        ("c1.bias", &[6][..]),
        ("c1.weight", &[6, 1, 5, 5]),
        ("c3.bias", &[16]),
        ("c3.weight", &[16, 6, 5, 5]),
        ("c5.bias", &[120]),
        ("c5.weight", &[120, 16, 5, 5]),
        ("f6.bias", &[84]),
        ("f6.weight", &[84, 120]),
        ("output.bias", &[10]),
        ("output.weight", &[10, 84]),
        ("s2.bias", &[6]),
        ("s2.coefficient", &[6]),
        ("s4.bias", &[16]),
        ("s4.coefficient", &[16]),
    ]
    .map(|(name, shape)| (name.to_string(), shape.to_vec()))
    .into();
    assert_eq!(shapes, wanted);

    // The 36 kernels of C3 that Table I leaves out are zeros in the file, and the 60 others are not.
    let c3 = file.tensor("c3.weight").unwrap();
    let zero: Vec<bool> = c3.data().chunks(4 * 25).map(|kernel| kernel.iter().all(|b| *b == 0)).collect();
    let seen_by_map_0: Vec<bool> = zero[..6].iter().map(|z| !z).collect();
    assert_eq!((zero.len(), zero.iter().filter(|z| **z).count()), (96, 36));
    assert_eq!(seen_by_map_0, [true, true, true, false, false, false]);
}

#[test]
fn a_network_of_another_type_is_refused() {
    let checkpoint = Checkpoint::from_bytes(Path::new(NAME), model()).unwrap();
    let Err(error) = checkpoint.network::<LeNet5Average<Tanh>>() else { panic!("taken for another network") };
    assert_one_line(&error, NAME);
    // The same tensors with another activation function: only the type shows the difference.
    let error = checkpoint.network::<LeNet5<Tanh>>().unwrap_err();
    assert!(matches!(error, CheckpointError::Type { .. }), "{error}");
    assert!(checkpoint.network::<LeNet5>().is_ok());

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wrong.safetensors");
    let wrong = description(NetworkName::LeNet5, ActivationName::Tanh);
    let error = save(&*random_network::<LeNet5>(), &wrong, &path).unwrap_err();
    assert!(matches!(error, CheckpointError::Type { .. }) && !path.exists(), "{error}");
}

#[test]
fn files_that_are_no_safetensors() {
    assert_format(Vec::new());
    assert_format(b"This is not a model.\n".to_vec());
    assert_format(b"{\"a\": \"text file that begins as JSON does\"}\n\n\n".repeat(1000));
    assert_format(vec![0; 4096]);
    assert_format(vec![0xff; 4096]);
    // A header that claims two gigabytes.
    let mut claims = model();
    claims[..8].copy_from_slice(&(2_u64 << 30).to_le_bytes());
    assert_format(claims);
    // JSON with a message of several lines, and with control characters.
    for header in ["{\n\"a\": \n\n oh no", "{\"c1.\u{7}\\nweight\": 1}", "{\"\\u001b[31mred\": {}}"] {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        assert_format(bytes);
    }
}

#[test]
fn files_that_are_cut_short() {
    let whole = model();
    for part in 0..16 {
        assert_format(whole[..whole.len() * part / 16].to_vec());
    }
    assert_format(whole[..whole.len() - 1].to_vec());
    let mut longer = whole.clone();
    longer.push(0);
    assert_format(longer);
}

#[test]
fn files_of_something_else() {
    assert_foreign(changed(|p| p.metadata.clear()), "the file does not say its network");
    for key in ["network", "activation", "ground", "ink"] {
        let without = changed(|p| drop(p.metadata.remove(key)));
        assert_foreign(without, &format!("the file does not say its {key}"));
    }
    let say = |key: &'static str, value: &'static str| changed(|p| drop(p.metadata.insert(key.into(), value.into())));
    assert_foreign(say("network", "resnet"), "no network is called \"resnet\": choose lenet5, lenet5-dense");
    assert_foreign(say("network", "two\nlines\u{1b}[31m"), "no network is called");
    assert_foreign(say("activation", "swish"), "no activation is called \"swish\"");
    for number in ["black", "", "NaN", "inf", "1e99"] {
        assert_foreign(say("ground", number), "its ground is");
    }
    for classes in ["cat", "[1]", r#"["a","b","c","d","e","f","g","h","i","j","k"]"#] {
        assert_foreign(say("classes", classes), "its classes are ");
    }
    // Entries that only people read can be missing.
    // The networks of the paper support only the paper's activation function.
    let of_1998 = changed(|p| {
        p.metadata.insert("network".into(), "lenet5-1998".into());
        p.metadata.insert("activation".into(), "relu".into());
    });
    assert_foreign(of_1998, "there is no lenet5-1998 with relu");
    let bare = changed(|p| p.metadata.retain(|k, _| ["network", "activation", "ground", "ink"].contains(&k.as_str())));
    let checkpoint = Checkpoint::from_bytes(Path::new(NAME), bare).unwrap();
    assert_eq!((checkpoint.description.recipe.as_str(), checkpoint.description.epoch), ("", 0));
}

#[test]
fn tensors_that_do_not_belong() {
    assert_tensor(changed(|p| p.tensor("c1.weight").0 = "conv1.weight".into()), "conv1.weight", "no such tensor");
    assert_tensor(changed(|p| p.tensors.retain(|t| t.0 != "f6.bias")), "f6.bias", "is missing");
    let extra = ("f7.bias".to_string(), Dtype::F32, vec![1], vec![0; 4]);
    assert_tensor(changed(|p| p.tensors.push(extra)), "f7.bias", "no such tensor");
    let reshape = |shape: &'static [usize]| changed(move |p| p.tensor("f6.weight").2 = shape.to_vec());
    assert_tensor(reshape(&[120, 84]), "f6.weight", "has the shape [120, 84], not [84, 120]");
    assert_tensor(reshape(&[84 * 120]), "f6.weight", "has the shape [10080], not [84, 120]");
    let half = changed(|p| {
        let tensor = p.tensor("c5.bias");
        (tensor.1, tensor.3) = (Dtype::BF16, vec![0; 240]);
    });
    assert_tensor(half, "c5.bias", "is BF16, not F32");
    let whole_numbers = changed(|p| p.tensor("c5.bias").1 = Dtype::I32);
    assert_tensor(whole_numbers, "c5.bias", "is I32, not F32");
    // The description is of another network than the tensors.
    let other = changed(|p| drop(p.metadata.insert("network".into(), "lenet5-average".into())));
    let error = refusal(other);
    assert!(error.to_string().contains("not written for the network lenet5-average"), "{error}");
    // A name with a line break.
    assert_tensor(changed(|p| p.tensor("c1.bias").0 = "two\nlines".into()), "two\nlines", "no such tensor");
}

#[test]
fn numbers_that_are_not_finite() {
    for (bad, shown) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        for name in ["c1.weight", "s2.coefficient", "c3.weight", "output.bias"] {
            // The last number of the tensor; in C3's tensor it belongs to a connection.
            let bytes = changed(|p| {
                let data = &mut p.tensor(name).3;
                let at = data.len() - 4;
                data[at..].copy_from_slice(&bad.to_le_bytes());
            });
            assert_tensor(bytes, name, &format!("holds {shown}, which is not finite"));
        }
    }
    // Between map 3 of S2 and map 0 of C3 there is no connection.
    let put = |number: f32| changed(|p| p.tensor("c3.weight").3[4 * 75..][..4].copy_from_slice(&number.to_le_bytes()));
    assert_tensor(put(0.5), "c3.weight", "holds 0.5 at 75, where the connection table has no connection");
    assert_tensor(put(f32::NAN), "c3.weight", "not finite");
    load(Path::new(NAME), put(-0.0)).unwrap();
}

#[test]
fn places_where_no_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        let error = Checkpoint::open(path).unwrap_err();
        assert_one_line(&error, &path.display().to_string());
        error
    };
    let missing = open(&folder.path().join("gone.safetensors"));
    assert!(matches!(missing, CheckpointError::Read { .. }), "{missing}");
    // The operating system's message is the source, and is not part of the text.
    let cause = missing.source().expect("an error of the file system").to_string();
    assert!(!missing.to_string().contains(&cause), "{missing}");
    assert!(missing.to_string().ends_with("give a file that lenet-model has written"), "{missing}");
    let directory = open(folder.path());
    assert!(matches!(directory, CheckpointError::Foreign { .. }), "{directory}");
    assert!(directory.to_string().contains("is a folder: give a file"), "{directory}");
    // A file larger than any network is refused without reading all of it.
    let large = folder.path().join("large.safetensors");
    fs::File::create(&large).unwrap().set_len(10 << 30).unwrap();
    let error = open(&large);
    assert!(matches!(error, CheckpointError::Foreign { .. }), "{error}");
}

fn save_to(path: &Path) -> Result<(), CheckpointError> {
    save(&*random_network::<LeNet5>(), &description(NetworkName::LeNet5, ActivationName::ScaledTanh), path)
}

/// The names in a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into()).collect()
}

#[test]
fn what_cannot_be_written_leaves_all_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| {
        let error = save_to(path).unwrap_err();
        assert!(matches!(error, CheckpointError::Write { .. }), "{error}");
        assert_one_line(&error, &path.display().to_string());
    };
    refused(&folder.path().join("no such folder/model.safetensors"));
    assert!(files(folder.path()).is_empty());

    // There is a folder where the file should be.
    let taken = folder.path().join("taken.safetensors");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("inside"), "kept").unwrap();
    refused(&taken);
    assert_eq!(files(folder.path()), [Path::new("taken.safetensors")], "no temporary file is left");
    assert_eq!(fs::read_to_string(taken.join("inside")).unwrap(), "kept");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_keeps_its_model() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, "the old model").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser can write everywhere.
    let may_write = fs::write(folder.path().join("probe"), "").is_ok();
    if !may_write {
        assert!(matches!(save_to(&path), Err(CheckpointError::Write { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "the old model");
        assert_eq!(files(folder.path()), [Path::new("model.safetensors")]);
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_model_is_as_readable_as_other_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (model, plain) = (folder.path().join("model.safetensors"), folder.path().join("plain"));
    save_to(&model).unwrap();
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&model), mode(&plain));
}

#[test]
fn a_model_replaces_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, "the old model").unwrap();
    save_to(&path).unwrap();
    Checkpoint::open(&path).unwrap();
    assert_eq!(files(folder.path()), [Path::new("model.safetensors")]);
}

#[test]
fn the_same_network_makes_the_same_bytes() {
    let (one, two) = (model(), model());
    assert!(one == two, "two files of one network differ");
}

#[test]
fn the_table_of_positions_is_what_the_file_holds() {
    // `place` relies on this: as many positions as numbers, in order, all within the tensor.
    for index in 0..LeNet5::<Tanh>::TENSORS {
        let info: ParamInfo = <LeNet5<Tanh> as lenet_layers::Network>::info(index);
        let positions: Vec<_> = info.positions().collect();
        assert_eq!(positions.len(), LeNet5::<Tanh>::zeroed().tensor(index).len(), "{info}");
        assert!(positions.is_sorted() && positions.iter().all(|p| *p < info.dims.iter().product()), "{info}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whichever bytes are damaged, there is no panic, and the error can be displayed. Half of the damage is in the
    /// header.
    #[test]
    fn damaged_bytes_never_panic(
        flips in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 1..=255_u8), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        thread_local!(static MODEL: Vec<u8> = model());
        let mut bytes = MODEL.with(Clone::clone);
        for (in_header, at, flip) in flips {
            let range = if in_header { 1400 } else { bytes.len() };
            bytes[at.index(range)] ^= flip;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Err(error) = load(Path::new(NAME), bytes) {
            assert_one_line(&error, NAME);
        }
    }
}
