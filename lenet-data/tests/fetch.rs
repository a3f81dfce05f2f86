//! Downloads from servers that are good, bad and gone: what is in the folder afterwards, and what is said.
#![cfg(feature = "http")]

mod common;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::mpsc::Sender,
    thread,
    time::Duration,
};

use common::{Answer, Server, gate, nowhere};
use flate2::{Compression, write::GzEncoder};
use lenet_data::{
    Dataset, ReadOptions,
    fetch::{Archive, Checksum, FetchError, FetchEvent, FetchOptions, Fetched, Reason, SetSource, SourceFile, fetch},
    idx::Idx,
};
use md5::Md5;
use sha2::{Digest, Sha256};

const PARTS: [(&str, u32); 2] = [("train", 3), ("t10k", 2)];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn md5(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The raw files of a small set, by name.
fn raw() -> Vec<(String, Vec<u8>)> {
    let file = |name: String, dims: Vec<u32>, data: Vec<u8>| {
        let mut bytes = Vec::new();
        Idx::new(dims, data).unwrap().write(&mut bytes).unwrap();
        (name, bytes)
    };
    let files = PARTS.map(|(part, n)| {
        // They hardly pack.
        let pixels = (0..n * 784).map(|i| (i.wrapping_mul(i | 1).wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let images = file(format!("{part}-images-idx3-ubyte.gz"), vec![n, 28, 28], pixels);
        [images, file(format!("{part}-labels-idx1-ubyte.gz"), vec![n], vec![4; n as usize])]
    });
    files.into_iter().flatten().collect()
}

/// The files as they are published.
fn packed() -> Vec<(String, Vec<u8>)> {
    raw().into_iter().map(|(name, bytes)| (name, gzip(&bytes, 6))).collect()
}

/// The first file, which most tests are about.
fn images() -> (String, Vec<u8>) {
    packed().swap_remove(0)
}

/// Their source, known by MD5.
fn source(mirrors: &[&str]) -> SetSource {
    let file = |((name, raw), (_, packed)): ((String, Vec<u8>), (_, Vec<u8>))| SourceFile {
        name,
        size: raw.len() as u64,
        checksum: Checksum::Md5(md5(&packed)),
    };
    SetSource {
        name: "small".into(),
        mirrors: mirrors.iter().map(|&mirror| mirror.into()).collect(),
        files: raw().into_iter().zip(packed()).map(file).collect(),
        archive: None,
    }
}

/// The source of the first file alone.
fn images_source(mirrors: &[&str]) -> SetSource {
    let mut source = source(mirrors);
    source.files.truncate(1);
    source
}

/// A server of all files but that of the images, which is answered otherwise.
fn server(images: Answer) -> Server {
    let mut answers: Vec<_> =
        packed().into_iter().map(|(name, bytes)| (format!("/{name}"), Answer::Give(bytes))).collect();
    answers[0].1 = images;
    Server::new(answers)
}

fn good() -> Server {
    server(Answer::Give(images().1))
}

/// No test waits longer than a second for a byte that does not come.
fn options() -> FetchOptions {
    FetchOptions { timeout: Duration::from_secs(1), ..FetchOptions::default() }
}

fn run(source: &SetSource, folder: &Path) -> Result<Fetched, FetchError> {
    fetch(source, folder, &options(), &mut |_| {})
}

/// Why each mirror failed.
fn reasons(outcome: Result<Fetched, FetchError>) -> Vec<Reason> {
    match outcome {
        Err(FetchError::Mirrors { failures, .. }) => failures.into_iter().map(|failure| failure.reason).collect(),
        other => panic!("{other:?}"),
    }
}

/// What is in the folder, but for the lock.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != "fetch.lock").collect();
    names.sort();
    names
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("cache/small")
    }

    fn file(&self) -> PathBuf {
        self.folder().join(images().0)
    }

    fn part(&self) -> PathBuf {
        self.folder().join(images().0 + ".part")
    }

    /// Something is there before.
    fn with(path: impl Fn(&Self) -> PathBuf, bytes: &[u8]) -> Self {
        let place = Self::new();
        fs::create_dir_all(place.folder()).unwrap();
        fs::write(path(&place), bytes).unwrap();
        place
    }

    /// The first file is there, right and alone.
    fn assert_good(&self) {
        assert_eq!(names(&self.folder()), [images().0]);
        assert_eq!(fs::read(self.file()).unwrap(), images().1);
    }
}

#[test]
fn a_set_comes_once_and_is_read() {
    let (place, server) = (Place::new(), good());
    let mut said = Vec::new();
    let mut note = |event: FetchEvent<'_>| match event {
        FetchEvent::Present { file } => said.push(format!("present {file}")),
        FetchEvent::Finished { file } => said.push(format!("finished {file}")),
        FetchEvent::Received { bytes, total } => assert!(bytes <= total.unwrap()),
        _ => {}
    };
    let source = source(&[&server.address]);
    assert_eq!(fetch(&source, &place.folder(), &options(), &mut note).unwrap(), Fetched::Downloaded);
    let names: Vec<_> = packed().into_iter().map(|(name, _)| name).collect();
    assert_eq!(server.asked(), names.iter().map(|name| format!("/{name}")).collect::<Vec<_>>());
    let small = Dataset::read_dir(&place.folder(), ReadOptions::default()).unwrap();
    assert_eq!((small.name.as_str(), small.train.len(), small.test.labels()), ("small", 3, &[4, 4][..]));

    assert_eq!(fetch(&source, &place.folder(), &options(), &mut note).unwrap(), Fetched::AlreadyThere);
    assert_eq!(server.asked().len(), 4);
    let finished = names.iter().map(|name| format!("finished {name}"));
    assert_eq!(said, finished.chain(names.iter().map(|name| format!("present {name}"))).collect::<Vec<_>>());

    let force = FetchOptions { force: true, ..options() };
    assert_eq!(fetch(&source, &place.folder(), &force, &mut |_| {}).unwrap(), Fetched::Downloaded);
    assert_eq!(server.asked().len(), 8);
}

#[test]
fn what_is_known_by_its_contents_may_be_packed_otherwise() {
    let (_, raw) = raw().swap_remove(0);
    let server = server(Answer::Give(gzip(&raw, 1)));
    let mut source = images_source(&[&server.address]);
    assert!(matches!(&reasons(run(&source, &Place::new().folder()))[..], [Reason::Wrong(_)]));
    for checksum in [Checksum::Contents(hex(&Sha256::digest(&raw))), Checksum::Gzip] {
        source.files[0].checksum = checksum;
        assert_eq!(run(&source, &Place::new().folder()).unwrap(), Fetched::Downloaded);
    }
}

#[test]
fn a_wrong_file_is_refused_and_the_next_mirror_asked() {
    let (_, raw) = raw().swap_remove(0);
    let contents = Checksum::Contents(hex(&Sha256::digest(&raw)));
    let mut other = raw.clone();
    other[100] ^= 1;
    let (size, found) = (raw.len(), hex(&Sha256::digest(&other)));
    let mut damaged = gzip(&raw, 6);
    damaged[200] ^= 0x40;
    let expected = hex(&Sha256::digest(&raw));
    let cases = [
        (gzip(&other, 6), format!("the SHA-256 of its contents is {found}, expected {expected}")),
        (gzip(&raw[..99], 6), format!("unpacks to 99 bytes, expected {size}")),
        (gzip(&[&raw[..], &[0]].concat(), 6), format!("unpacks to more than the {size} bytes expected")),
        (b"<html>Please log in</html>".to_vec(), "is no sound gzip file (invalid gzip header)".into()),
        (damaged, "is no sound gzip file (".into()),
        (Vec::new(), "is no sound gzip file (".into()),
    ];
    for (bytes, what) in cases {
        let (bad, good) = (server(Answer::Give(bytes)), good());
        let mut source = images_source(&[&bad.address]);
        source.files[0].checksum = contents.clone();
        let place = Place::new();
        let reason = reasons(run(&source, &place.folder())).swap_remove(0).to_string();
        assert!(reason.starts_with(&what), "{reason}");
        assert!(names(&place.folder()).is_empty(), "{what}: something is left");
        source.mirrors.push(good.address.clone());
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::Downloaded);
        place.assert_good();
    }
}

#[test]
fn the_line_says_what_each_mirror_said() {
    let (wrong, gone) = (server(Answer::Give(b"another".to_vec())), server(Answer::Status(503)));
    let dead = nowhere();
    let place = Place::new();
    let error = run(&images_source(&[&wrong.address, &gone.address, &dead]), &place.folder()).unwrap_err();
    let (name, bytes) = images();
    let said = format!(
        "{name}: no mirror gave it: {}/{name}: its MD5 is {}, expected {}, {}/{name}: HTTP 503, {dead}/{name}: connection refused; \
         check the network, or give another mirror",
        wrong.address,
        md5(b"another"),
        md5(&bytes),
        gone.address,
    );
    assert_eq!(error.to_string(), said);
}

#[test]
fn what_was_good_stays_when_nothing_better_comes() {
    for answer in [Answer::Give(b"another".to_vec()), Answer::Cut(images().1, 50), Answer::Endless] {
        let place = Place::with(Place::file, &images().1);
        let (bad, force) = (server(answer), FetchOptions { force: true, ..options() });
        let outcome = fetch(&images_source(&[&bad.address]), &place.folder(), &force, &mut |_| {});
        assert_eq!(reasons(outcome).len(), 1);
        assert_eq!(fs::read(place.file()).unwrap(), images().1);
        assert_eq!(run(&images_source(&[]), &place.folder()).unwrap(), Fetched::AlreadyThere);
    }
}

#[test]
fn a_damaged_file_is_fetched_again() {
    let (_, mut bytes) = images();
    bytes.pop();
    let (place, server) = (Place::with(Place::file, &bytes), good());
    assert_eq!(run(&images_source(&[&server.address]), &place.folder()).unwrap(), Fetched::Downloaded);
    place.assert_good();
}

#[test]
fn a_download_that_was_cut_off_goes_on() {
    let (name, bytes) = images();
    let (cut, stalled, good) =
        (server(Answer::Cut(bytes.clone(), 500)), server(Answer::Stall(bytes.clone(), 300)), good());
    let place = Place::new();
    let outcome = run(&images_source(&[&cut.address, &stalled.address]), &place.folder());
    let short = Reason::CutShort { found: 500, expected: bytes.len() as u64 };
    assert_eq!(reasons(outcome), [short, Reason::Stalled { seconds: 1 }]);
    // Nothing that has the final name is half a file.
    assert_eq!(names(&place.folder()), [format!("{name}.part")]);
    assert_eq!(fs::read(place.part()).unwrap(), bytes[..800]);

    assert_eq!(run(&images_source(&[&good.address]), &place.folder()).unwrap(), Fetched::Downloaded);
    place.assert_good();
    assert_eq!(stalled.asked(), [format!("/{name} from 500")]);
    assert_eq!(good.asked(), [format!("/{name} from 800")]);
}

#[test]
fn a_part_that_does_not_fit_is_thrown_away() {
    let (name, bytes) = images();
    let from = |start: usize| format!("/{name} from {start}");
    let all = format!("/{name}");
    let cases = [
        // Begun at another mirror, with other bytes.
        (vec![9; 40], Answer::Give(bytes.clone()), vec![from(40), all.clone()]),
        // The server gives no parts.
        (bytes[..40].to_vec(), Answer::GiveAll(bytes.clone()), vec![from(40)]),
        // The server gives another part than the one asked for.
        (bytes[..1500].to_vec(), Answer::GiveOther(bytes.clone()), vec![from(1500), all.clone()]),
        // Longer than the file.
        (vec![9; bytes.len() + 1], Answer::Give(bytes.clone()), vec![from(bytes.len() + 1), all.clone()]),
        // Whole: the process ended before it could say so.
        (bytes.clone(), Answer::Give(bytes.clone()), vec![from(bytes.len())]),
    ];
    for (part, answer, asked) in cases {
        let (place, server) = (Place::with(Place::part, &part), server(answer));
        assert_eq!(run(&images_source(&[&server.address]), &place.folder()).unwrap(), Fetched::Downloaded);
        assert_eq!(server.asked(), asked);
        place.assert_good();
    }
}

#[test]
fn a_dead_mirror_costs_its_time_once() {
    let (dead, good, place) = (nowhere(), good(), Place::new());
    let mut asked = Vec::new();
    let mut note = |event: FetchEvent<'_>| {
        if let FetchEvent::Asking { address, .. } = event {
            asked.push(address.starts_with(&dead));
        }
    };
    let outcome = fetch(&source(&[&dead, &good.address]), &place.folder(), &options(), &mut note);
    assert_eq!(outcome.unwrap(), Fetched::Downloaded);
    assert_eq!(asked, [true, false, false, false, false]);
}

#[test]
fn mirrors_of_the_options_come_first() {
    let (own, given, dead, place) = (good(), good(), nowhere(), Place::new());
    let options = FetchOptions { mirrors: vec![dead, format!("{}/", given.address)], ..options() };
    fetch(&images_source(&[&own.address]), &place.folder(), &options, &mut |_| {}).unwrap();
    assert_eq!((own.asked().len(), given.asked().len()), (0, 1));
}

#[test]
fn redirects_are_followed_and_counted() {
    let name = images().0;
    let good = good();
    let sends = |to: String| server(Answer::Redirect(to));
    let (once, loops) = (sends(format!("{}/{name}", good.address)), sends(format!("/{name}")));
    let place = Place::new();
    assert_eq!(reasons(run(&images_source(&[&loops.address]), &place.folder())), [Reason::Redirects(5)]);
    assert_eq!(loops.asked().len(), 6);
    assert_eq!(run(&images_source(&[&once.address]), &place.folder()).unwrap(), Fetched::Downloaded);
    place.assert_good();
}

#[test]
fn who_sends_too_much_is_refused() {
    let most = images_source(&[]).files[0].size * 1_001 / 1_000 + 1_000;
    for answer in [Answer::Endless, Answer::Announce(most + 1), Answer::Announce(u64::MAX)] {
        let (place, server) = (Place::new(), server(answer));
        let reasons = reasons(run(&images_source(&[&server.address]), &place.folder()));
        assert_eq!(reasons, [Reason::TooLong { most }]);
        assert!(names(&place.folder()).is_empty());
    }
}

#[cfg(feature = "https")]
#[test]
fn https_is_spoken_to_an_https_mirror() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    // It speaks HTTP without TLS, at once.
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 3];
        std::io::Read::read_exact(&mut stream, &mut hello).unwrap();
        stream.write_all(b"HTTP/1.1 400 No TLS here\r\n\r\n").unwrap();
        hello
    });
    let (good, place) = (good(), Place::new());
    let mut failed = Vec::new();
    let mut note = |event: FetchEvent<'_>| {
        if let FetchEvent::Failed(failure) = event {
            failed.push(failure.reason.to_string());
        }
    };
    fetch(&images_source(&[&address, &good.address]), &place.folder(), &options(), &mut note).unwrap();
    // A handshake, of TLS 1.x.
    assert_eq!(server.join().unwrap()[..2], [0x16, 3]);
    assert!(failed.len() == 1 && failed[0].contains("InvalidContentType"), "{failed:?}");
}

#[test]
fn wrong_addresses_and_none_are_told_before_anything_is_made() {
    let place = Place::new();
    let said = |source: &SetSource| run(source, &place.folder()).unwrap_err().to_string();
    let address = "ftp://x: is no address of a mirror; give one that begins with http:// or https://";
    assert_eq!(said(&images_source(&["http://127.0.0.1:9", "ftp://x"])), address);
    assert!(!place.folder().exists());
    assert_eq!(said(&images_source(&[])), "small: no address is known for it; give a mirror");
}

#[test]
fn a_cache_that_cannot_be_written_is_told() {
    let (place, server) = (Place::new(), good());
    let source = images_source(&[&server.address]);
    // A file stands where a folder has to be: not even the administrator gets past that.
    fs::write(place.0.path().join("cache"), "").unwrap();
    let error = run(&source, &place.folder()).unwrap_err();
    assert!(matches!(error, FetchError::Write { .. }), "{error}");
    let line = error.to_string();
    assert!(line.starts_with(&place.folder().display().to_string()) && line.contains("LENET_DATA"), "{line}");
    fs::remove_file(place.0.path().join("cache")).unwrap();

    fs::create_dir_all(place.part()).unwrap();
    assert!(matches!(run(&source, &place.folder()).unwrap_err(), FetchError::Write { .. }));
    fs::remove_dir(place.part()).unwrap();
    fs::create_dir_all(place.file()).unwrap();
    let error = run(&source, &place.folder()).unwrap_err();
    assert!(matches!(error, FetchError::Read { .. } | FetchError::Write { .. }), "{error}");
}

#[test]
fn of_two_at_once_one_fetches_and_one_waits() {
    let (open, gate) = gate();
    let (place, server) = (Place::new(), server(Answer::Wait(images().1, gate)));
    let source = source(&[&server.address]);
    let outcomes: Vec<_> = thread::scope(|scope| {
        let work = |open: Sender<()>| {
            let (source, folder) = (&source, place.folder());
            scope.spawn(move || {
                // The first file comes only once the other has begun to wait.
                fetch(source, &folder, &FetchOptions::default(), &mut |event| {
                    if let FetchEvent::Waiting { .. } = event {
                        open.send(()).unwrap();
                    }
                })
                .unwrap()
            })
        };
        [work(open.clone()), work(open.clone())].map(|thread| thread.join().unwrap()).into()
    });
    assert!(outcomes.contains(&Fetched::Downloaded) && outcomes.contains(&Fetched::AlreadyThere), "{outcomes:?}");
    assert_eq!(server.asked().len(), 4);
}

/// A zip file of stored and deflated entries.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The small set as EMNIST is published, its images column by column, in the archive `bytes`.
fn archived(bytes: &[u8], mirrors: &[&str]) -> SetSource {
    let mut source = source(mirrors);
    for file in &mut source.files {
        file.name = format!("emnist-digits-{}", file.name.replace("t10k", "test"));
        file.checksum = Checksum::Gzip;
    }
    source.archive = Some(Archive { name: "gzip.zip".into(), md5: md5(bytes), most: 100_000 });
    source
}

#[test]
fn emnist_comes_out_of_its_archive() {
    let files = archived(&[], &[]).files;
    let contents = packed();
    let mut entries = vec![("gzip/readme.txt".to_owned(), &b"not this"[..])];
    entries.extend(files.iter().zip(&contents).map(|(file, (_, bytes))| (format!("gzip/{}", file.name), &bytes[..])));
    let entries: Vec<_> = entries.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let bytes = zip(&entries);
    let server = Server::new([
        ("/gzip.zip", Answer::Give(bytes.clone())),
        ("/moved/elsewhere.zip", Answer::Give(bytes.clone())),
        ("/cut/gzip.zip", Answer::Cut(bytes.clone(), 700)),
    ]);
    let address = |path: &str| format!("{}{path}", server.address);
    for mirrors in [&[address("")][..], &[address("/moved/elsewhere.zip")], &[address("/cut"), address("/")]] {
        let place = Place::new();
        let mirrors: Vec<_> = mirrors.iter().map(String::as_str).collect();
        let source = archived(&bytes, &mirrors);
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::Downloaded);
        assert_eq!(names(&place.folder()).len(), 4, "the archive is left");
        let digits = Dataset::read_dir(&place.folder(), ReadOptions::default()).unwrap();
        assert_eq!((digits.name.as_str(), digits.train.len(), digits.test.len()), ("emnist-digits", 3, 2));
        assert_eq!(digits.train.images()[0][1][0], raw()[0].1[16 + 1], "not set upright");
        let before = server.asked().len();
        assert_eq!(run(&source, &place.folder()).unwrap(), Fetched::AlreadyThere);
        assert_eq!(server.asked().len(), before);
    }
    assert!(server.asked().contains(&"/gzip.zip from 700".to_owned()), "{:?}", server.asked());
}

#[test]
fn an_archive_without_the_set_is_told() {
    let name = archived(&[], &[]).files[0].name.clone();
    let cases = [
        (zip(&[("gzip/readme.txt", b"nothing else")]), format!("{name} is not in it")),
        (zip(&[(&name, b"no gzip")]), format!("{name}: is no sound gzip file (")),
        (zip(&[(&name, &gzip(b"short", 6))]), format!("{name}: unpacks to 5 bytes, expected ")),
        (b"no zip".to_vec(), String::new()),
    ];
    for (bytes, what) in cases {
        let (place, server) = (Place::new(), Server::new([("/gzip.zip", Answer::Give(bytes.clone()))]));
        match run(&archived(&bytes, &[&server.address]), &place.folder()) {
            Err(error @ FetchError::Archive { .. }) => {
                let line = error.to_string();
                let start = format!("{}: {what}", place.folder().join("gzip.zip").display());
                assert!(line.starts_with(&start) && line.ends_with("; give another archive of the set"), "{line}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Without TLS, an https address is refused in words that say what is missing.
#[cfg(not(feature = "https"))]
#[test]
fn an_https_address_needs_tls() {
    let (place, server) = (Place::new(), good());
    let address = server.address.replace("http://", "https://");
    let outcome = run(&images_source(&[&address]), &place.folder());
    assert_eq!(reasons(outcome), [Reason::NoTls]);
    assert!(Reason::NoTls.to_string().contains("feature `https`"));
}
