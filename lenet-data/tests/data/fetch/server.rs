//! A server of files on this machine that behaves as it is told, and remembers what it was asked.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

/// What the server does when asked for a path.
pub(crate) enum Answer {
    /// Gives the bytes, or the part of them that is asked for.
    Give(Vec<u8>),
    /// Gives all of them, whatever part is asked for.
    GiveAll(Vec<u8>),
    /// Asked for a part, gives all of them as if that were it.
    GiveOther(Vec<u8>),
    /// Announces all of what was asked for, sends so many bytes and closes.
    Cut(Vec<u8>, usize),
    /// Announces all, sends so many bytes, and then nothing until the other side goes away.
    Stall(Vec<u8>, usize),
    /// Gives the bytes once the other end of the channel lets it.
    Wait(Vec<u8>, Mutex<Receiver<()>>),
    /// Says that it is somewhere else.
    Redirect(String),
    /// A status without a body.
    Status(u16),
    /// Announces so many bytes, and sends none.
    Announce(u64),
    /// Sends for ever, without a word of how much.
    Endless,
}

pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server that knows these paths; of others it says 404.
    pub(crate) fn new<P: Into<String>>(answers: impl IntoIterator<Item = (P, Answer)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answers: HashMap<String, Answer> =
            answers.into_iter().map(|(path, answer)| (path.into(), answer)).collect();
        let (answers, asked) = (Arc::new(answers), Arc::default());
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, log) = (Arc::clone(&answers), Arc::clone(&log));
                // Whoever has heard enough hangs up: no error of the server's.
                thread::spawn(move || serve(stream?, &answers, &log));
            }
        });
        Self { address, asked }
    }

    /// What was asked for so far: `/path`, or `/path from 17`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An address where nobody listens.
pub(crate) fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve(stream: TcpStream, answers: &HashMap<String, Answer>, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut from = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    from.read_line(&mut first)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut start = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            start = range.trim().trim_end_matches('-').parse::<usize>().ok();
        }
    }
    log.lock().unwrap().push(start.map_or(path.clone(), |start| format!("{path} from {start}")));
    answer(stream, answers.get(&path).unwrap_or(&Answer::Status(404)), start)
}

fn answer(mut to: TcpStream, answer: &Answer, start: Option<usize>) -> std::io::Result<()> {
    let mut head =
        |status: u16, more: String| write!(to, "HTTP/1.1 {status} As told\r\nConnection: close\r\n{more}\r\n");
    let length = |length: usize| format!("Content-Length: {length}\r\n");
    match answer {
        Answer::Status(status) => head(*status, length(0)),
        Answer::Redirect(address) => head(302, format!("Location: {address}\r\n{}", length(0))),
        Answer::Announce(bytes) => {
            head(200, format!("Content-Length: {bytes}\r\n"))?;
            to.read(&mut [0]).map(|_| ())
        }
        Answer::Endless => {
            head(200, String::new())?;
            for_ever(to)
        }
        Answer::GiveAll(bytes) => {
            head(200, length(bytes.len()))?;
            to.write_all(bytes)
        }
        Answer::GiveOther(bytes) => {
            let (status, last, all) = (if start.is_some() { 206 } else { 200 }, bytes.len() - 1, bytes.len());
            head(status, format!("Content-Range: bytes 0-{last}/{all}\r\n{}", length(all)))?;
            to.write_all(bytes)
        }
        Answer::Give(bytes) | Answer::Cut(bytes, _) | Answer::Stall(bytes, _) | Answer::Wait(bytes, _) => {
            if let Answer::Wait(_, gate) = answer {
                gate.lock().unwrap().recv().unwrap();
            }
            let rest = match start {
                None => {
                    head(200, length(bytes.len()))?;
                    &bytes[..]
                }
                Some(start) if start >= bytes.len() => return head(416, length(0)),
                Some(start) => {
                    let (last, all) = (bytes.len() - 1, bytes.len());
                    head(206, format!("Content-Range: bytes {start}-{last}/{all}\r\n{}", length(all - start)))?;
                    &bytes[start..]
                }
            };
            match answer {
                Answer::Cut(_, sent) => to.write_all(&rest[..*sent]),
                Answer::Stall(_, sent) => {
                    to.write_all(&rest[..*sent])?;
                    to.read(&mut [0]).map(|_| ())
                }
                _ => to.write_all(rest),
            }
        }
    }
}

fn for_ever(mut to: TcpStream) -> std::io::Result<()> {
    loop {
        to.write_all(&[7; 4096])?;
    }
}

/// What opens the gate of an [`Answer::Wait`], and the gate.
pub(crate) fn gate() -> (Sender<()>, Mutex<Receiver<()>>) {
    let (open, gate) = channel();
    (open, Mutex::new(gate))
}
