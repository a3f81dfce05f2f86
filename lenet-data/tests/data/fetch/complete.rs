//! Downloads that end with the whole set, also after a cut, a redirect or a wait.

use std::{fs, sync::mpsc::Sender, thread};

use lenet_data::{
    Dataset, ReadOptions,
    fetch::{Checksum, FetchEvent, FetchOptions, Fetched, Reason, fetch},
};
use sha2::{Digest, Sha256};

use super::{
    Place, good, gzip, hex, images, images_source, names, options, packed, raw, reasons, run, server,
    server::{Answer, gate, nowhere},
    source,
};

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

#[cfg(feature = "https")]
#[test]
fn https_is_spoken_to_an_https_mirror() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    // It speaks HTTP without TLS, at once.
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 3];
        stream.read_exact(&mut hello).unwrap();
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
