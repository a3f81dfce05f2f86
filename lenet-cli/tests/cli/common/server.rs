//! A file server on this machine. (The tests of lenet-data have one that misbehaves more.)

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A file: its bytes, and how many of them are sent before the server stops sending.
#[derive(Clone)]
pub(crate) struct Sent(pub(crate) Vec<u8>, pub(crate) usize);

pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server of these files, by name. Everything else is 404.
    pub(crate) fn new(files: HashMap<String, Sent>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (files, asked) = (Arc::new(files), Arc::default());
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (files, log) = (Arc::clone(&files), Arc::clone(&log));
                thread::spawn(move || serve(stream?, &files, &log));
            }
        });
        Self { address, asked }
    }

    /// The requests so far: `/path`, or `/path from 17`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An address where no server listens.
pub(crate) fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve(mut to: TcpStream, files: &HashMap<String, Sent>, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let head: Vec<String> =
        BufReader::new(to.try_clone()?).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let path = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
    let range = head.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let start: Option<usize> = range.and_then(|range| range.trim_end_matches('-').parse().ok());
    log.lock().unwrap().push(start.map_or(path.clone(), |start| format!("{path} from {start}")));
    let Some(Sent(bytes, sent)) = files.get(path.rsplit('/').next().unwrap_or_default()) else {
        return write!(to, "HTTP/1.1 404 Not found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let (all, from) = (bytes.len(), start.unwrap_or(0));
    match start {
        Some(from) => write!(to, "HTTP/1.1 206 Part\r\nContent-Range: bytes {from}-{}/{all}\r\n", all - 1)?,
        None => write!(to, "HTTP/1.1 200 All\r\n")?,
    }
    write!(to, "Content-Length: {}\r\nConnection: close\r\n\r\n", all - from)?;
    let rest = &bytes[from..];
    to.write_all(&rest[..rest.len().min(*sent)])?;
    // Sends nothing until the other side closes the connection.
    to.read(&mut [0]).map(|_| ())
}
