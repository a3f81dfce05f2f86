//! Servers and folders with something wrong: what is refused, what is in the folder afterwards, and what the error says.

use std::fs;

use lenet_data::fetch::{Checksum, FetchError, FetchEvent, FetchOptions, Fetched, Reason, SetSource, fetch};
use sha2::{Digest, Sha256};

use super::{
    Place, good, gzip, hex, images, images_source, md5, names, options, raw, reasons, run, server,
    server::{Answer, nowhere},
    source,
};

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
        (b"<html>Please log in</html>".to_vec(), "is not a valid gzip file (invalid gzip header)".into()),
        (damaged, "is not a valid gzip file (".into()),
        (Vec::new(), "is not a valid gzip file (".into()),
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
fn who_sends_too_much_is_refused() {
    let most = images_source(&[]).files[0].size * 1_001 / 1_000 + 1_000;
    for answer in [Answer::Endless, Answer::Announce(most + 1), Answer::Announce(u64::MAX)] {
        let (place, server) = (Place::new(), server(answer));
        let reasons = reasons(run(&images_source(&[&server.address]), &place.folder()));
        assert_eq!(reasons, [Reason::TooLong { most }]);
        assert!(names(&place.folder()).is_empty());
    }
}

#[test]
fn wrong_addresses_and_none_are_told_before_anything_is_made() {
    let place = Place::new();
    let said = |source: &SetSource| run(source, &place.folder()).unwrap_err().to_string();
    let address = "ftp://x: is not the address of a mirror; give one that begins with http:// or https://";
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
