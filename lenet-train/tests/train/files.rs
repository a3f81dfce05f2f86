//! Files of networks: what comes back, and what is refused.

use crate::common::Net;
use crate::modes::Modern;
use lenet_layers::{
    Conv2d, Dense, Flatten, Init, Maps, Network, Params, Relu, SparseConv2d, Subsample, Table1, Tanh, Units, embedded,
    initialize, sequential,
};
use lenet_train::{FileError, Metadata, from_bytes, import, load, save, save_raw, to_bytes, to_raw};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use safetensors::{Dtype, tensor::TensorView};
use std::path::Path;

/// Networks that differ from [`Net`] in one thing each.
macro_rules! like_net {
    ($Name:ident $Trace:ident: $In:ty, $c1:ident: $C1:ty => $O1:ty, $S2:ty => $O2:ty, $flat:literal) => {
        sequential! {
            pub struct $Name, trace $Trace {
                input:              $In;
                $c1:  $C1           => $O1;
                s2:   $S2           => $O2;
                flat: Flatten       => Units<$flat>;
                out:  Dense<$flat, 3> => Units<3>;
            }
        }
    };
}
like_net!(Activated ActivatedTrace: Maps<2, 8, 8>, c1: Conv2d<2, 4, 3, Relu> => Maps<4, 6, 6>, Subsample<4, 2, Tanh> => Maps<4, 3, 3>, 36);
like_net!(Kernel KernelTrace: Maps<2, 8, 8>, c1: Conv2d<2, 4, 5, Tanh> => Maps<4, 4, 4>, Subsample<4, 2, Tanh> => Maps<4, 2, 2>, 16);
like_net!(Called CalledTrace: Maps<2, 8, 8>, first: Conv2d<2, 4, 3, Tanh> => Maps<4, 6, 6>, Subsample<4, 2, Tanh> => Maps<4, 3, 3>, 36);
like_net!(Input InputTrace: Maps<3, 8, 8>, c1: Conv2d<3, 4, 3, Tanh> => Maps<4, 6, 6>, Subsample<4, 2, Tanh> => Maps<4, 3, 3>, 36);
sequential! {
    pub struct Longer, trace LongerTrace {
        input:                      Maps<2, 8, 8>;
        c1:   Conv2d<2, 4, 3, Tanh> => Maps<4, 6, 6>;
        s2:   Subsample<4, 2, Tanh> => Maps<4, 3, 3>;
        flat: Flatten               => Units<36>;
        out:  Dense<36, 3>          => Units<3>;
        more: Dense<3, 3>           => Units<3>;
    }
}
sequential! {
    pub struct Sparse, trace SparseTrace {
        input:                                  Maps<6, 5, 5>;
        c3:   SparseConv2d<6, 16, 60, 5, Table1> => Maps<16, 1, 1>;
    }
}

fn random<N: Network>() -> Box<N> {
    let mut network = N::boxed_zeroed();
    initialize(&mut *network, Init::SqrtFanIn, &mut ChaCha8Rng::seed_from_u64(4));
    network
}

fn file<N: Network<Element = f32>>() -> Vec<u8> {
    to_bytes(&*random::<N>(), &Metadata::new()).unwrap()
}

fn read<N: Network<Element = f32>>(bytes: &[u8]) -> String {
    from_bytes::<N>(Path::new("a.file"), bytes).unwrap_err().to_string()
}

#[test]
fn the_numbers_and_the_words_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("net.safetensors");
    let (net, metadata) = (random::<Net>(), Metadata::new().with("who", "Ada\n").with("epoch", 3));
    save(&*net, &metadata, path).unwrap();
    assert_eq!(load::<Net>(path).unwrap(), (net, metadata));
    // The connections that exist, with zeros between them in the file.
    let sparse = random::<Sparse>();
    save(&*sparse, &Metadata::new(), path).unwrap();
    assert_eq!(load::<Sparse>(path).unwrap().0, sparse);
    assert!(std::fs::metadata(path).unwrap().len() > 4 * 16 * 6 * 25);
    assert_eq!(to_bytes(&*sparse, &Metadata::new()).unwrap(), std::fs::read(path).unwrap());
}

#[test]
fn the_file_of_another_network_is_refused_by_its_first_difference() {
    let net = file::<Net>();
    let says = |error: String, difference: &str| {
        assert_eq!(error, format!("a.file: {difference}: give the file of a network like this one"));
    };
    says(
        read::<Activated>(&net),
        "stage c1 is `convolution 3x3, tanh` to 4x6x6 in the file, but `convolution 3x3, ReLU` to 4x6x6 in the network",
    );
    says(
        read::<Kernel>(&net),
        "stage c1 is `convolution 3x3, tanh` to 4x6x6 in the file, but `convolution 5x5, tanh` to 4x4x4 in the network",
    );
    says(read::<Called>(&net), "stage 1 is called c1 in the file, but first in the network");
    says(read::<Input>(&net), "the input is 2x8x8 in the file, but 3x8x8 in the network");
    says(read::<Longer>(&net), "the network has a stage more after the last one of the file");
    says(read::<Net>(&file::<Longer>()), "the file has a stage more after the last one of the network");
}

#[test]
fn a_damaged_file_is_refused() {
    let net = file::<Net>();
    assert!(from_bytes::<Net>(Path::new("a.file"), &net).is_ok());
    for length in [0, 7, 100, net.len() / 2, net.len() - 1] {
        assert!(read::<Net>(&net[..length]).contains("not a whole safetensors file"), "{length}");
    }
    let mut infinite = net.clone();
    let last = infinite.len();
    infinite[last - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(read::<Net>(&infinite).contains("holds inf, which is not finite"));
}

/// A tensor of a file of another program.
type Foreign = (String, Dtype, Vec<usize>, Vec<u8>);

fn tensors<N: Network<Element = f32>>(network: &N) -> Vec<Foreign> {
    let bytes = |i| network.tensor(i).iter().flat_map(|x| x.to_le_bytes()).collect();
    (0..N::TENSORS).map(|i| (N::info(i).to_string(), Dtype::F32, N::info(i).dims.to_vec(), bytes(i))).collect()
}

fn foreign(tensors: &[Foreign]) -> Vec<u8> {
    let views =
        tensors.iter().map(|(name, kind, dims, bytes)| (name, TensorView::new(*kind, dims.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn a_file_of_pytorch_with_batch_normalization_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("net.safetensors");
    let net = random::<Modern>();
    let with = |more: &[Foreign]| {
        std::fs::write(path, foreign(&[&tensors(&*net), more].concat())).unwrap();
        import::<Modern>(path)
    };
    let count = |name: &str, kind, dims: &[usize], bytes| (name.to_string(), kind, dims.to_vec(), vec![1; bytes]);
    // The number of steps, which PyTorch saves too.
    let tracked = count("n1.num_batches_tracked", Dtype::I64, &[], 8);
    assert_eq!(with(std::slice::from_ref(&tracked)).unwrap(), net);
    for other in [
        count("c1.num_batches_tracked", Dtype::I64, &[], 8),
        count("num_batches_tracked", Dtype::I64, &[], 8),
        count("n1.num_batches_tracked", Dtype::I64, &[1], 8),
        count("n1.num_batches_tracked", Dtype::F32, &[], 4),
    ] {
        let error = with(std::slice::from_ref(&other)).unwrap_err().to_string();
        assert!(error.contains("num_batches_tracked: the network has no such tensor"), "{error}");
    }

    let mut negative = net.clone();
    negative.n1.running_var[3] = -0.25;
    std::fs::write(path, foreign(&tensors(&*negative))).unwrap();
    let said = "tensor n1.running_var: holds -0.25, but a variance is not negative";
    let error = import::<Modern>(path).unwrap_err().to_string();
    assert!(error.contains(said), "{error}");
}

#[test]
fn what_can_not_be_loaded_again_is_not_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (path, net) = (&folder.path().join("net.safetensors"), random::<Net>());
    save(&*net, &Metadata::new().with("words", "w".repeat(4_000_000)), path).unwrap();
    assert!(load::<Net>(path).is_ok());
    let error = save(&*net, &Metadata::new().with("words", "w".repeat(5_000_000)), path).unwrap_err().to_string();
    assert!(error.contains("give fewer metadata"), "{error}");
    for name in ["format", "lenet.input", "lenet.stages"] {
        let error = save(&*net, &Metadata::new().with(name, "mine"), path).unwrap_err().to_string();
        assert!(error.contains(&format!("metadata called {name} are reserved for the file")), "{error}");
    }
    let mut infinite = net.clone();
    infinite.tensor_mut(0)[3] = f32::INFINITY;
    let error = save(&*infinite, &Metadata::new(), path).unwrap_err().to_string();
    assert!(error.contains("holds inf, which is not finite"), "{error}");
    let mut negative = random::<Modern>();
    negative.n1.running_var[3] = -0.25;
    let error = save(&*negative, &Metadata::new(), path).unwrap_err().to_string();
    assert!(error.contains("its tensor n1.running_var holds -0.25, but a variance is not negative"), "{error}");
    // The old file is still there.
    assert_eq!(load::<Net>(path).unwrap().0, net);
}

#[test]
fn a_file_of_another_program_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("net.safetensors");
    let net = random::<Net>();
    let views = tensors(&*net);
    let write = |views: &[Foreign]| std::fs::write(path, foreign(views)).unwrap();
    write(&views);
    assert_eq!(import::<Net>(path).unwrap(), net);
    // Activation functions are not compared.
    assert!(import::<Activated>(path).is_ok());
    let error = load::<Net>(path).unwrap_err().to_string();
    let said = "does not say what its stages are: give a file that `save` has written, or read it with `import`";
    assert!(error.ends_with(said), "{error}");
    std::fs::write(path, "none").unwrap();
    let error = import::<Net>(path).unwrap_err().to_string();
    assert!(error.ends_with("give the file of a network"), "{error}");
    write(&views);
    let error = import::<Input>(path).unwrap_err();
    assert!(error.to_string().contains("tensor c1.weight: has the shape [4, 2, 3, 3], not [4, 3, 3, 3]"), "{error}");
    write(&views[1..]);
    assert!(matches!(import::<Net>(path), Err(FileError::Tensor { reason, .. }) if reason == "is missing"));
}

/// What `save_raw` writes is the network that the compiler makes of it. The file within the test is that of a network
/// whose every number is another one, so that no two arrays can change places.
#[test]
fn a_raw_file_is_a_network_within_the_program() {
    static NET: Net = embedded!(Net, include_bytes!("net.f32"));
    let mut net = Net::boxed_zeroed();
    let mut next = 0.0;
    for index in 0..Net::<f32>::TENSORS {
        net.tensor_mut(index).fill_with(|| {
            next += 0.125;
            next
        });
    }
    assert_eq!(to_raw(&*net), include_bytes!("net.f32"));
    assert_eq!(NET, *net);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.f32");
    save_raw(&*net, &path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), include_bytes!("net.f32"));
    let error = save_raw(&*net, &folder.path().join("none/net.f32")).unwrap_err();
    assert!(matches!(error, FileError::Write { .. }), "{error}");
}
