//! One request for one file over HTTP: its bytes, added to those that came before.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
    time::Duration,
};

use ureq::{
    Agent, Body,
    http::{Response, header},
};

use super::{Download, Stop};
use crate::fetch::Reason;

/// Redirects that are followed.
const REDIRECTS: u32 = 5;

/// Speaks HTTP.
pub(in crate::fetch) struct Client {
    agent: Agent,
    timeout: Duration,
}

impl Client {
    /// `timeout` is for a connection, and for each wait for a byte.
    pub(in crate::fetch) fn new(timeout: Duration) -> Option<Self> {
        let limit = Some(timeout);
        let config = Agent::config_builder()
            .user_agent(concat!("lenet-data/", env!("CARGO_PKG_VERSION")))
            // A part of a file can be asked for only if it is sent as it is.
            .accept_encoding("identity")
            .http_status_as_error(false)
            .max_redirects(REDIRECTS)
            .timeout_resolve(limit)
            .timeout_connect(limit)
            .timeout_send_request(limit)
            .timeout_per_read(limit)
            .timeout_per_write(limit)
            .build();
        Some(Self { agent: config.into(), timeout })
    }

    /// Adds the rest of a file to its part, or writes it anew where the server does not give parts. `progress` is told the bytes that
    /// are there and, where it is known, how many there will be. The answer is whether something was there
    /// before, of which nobody knows whether it belongs to the rest.
    pub(in crate::fetch) fn download(
        &self,
        download: &Download<'_>,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<bool, Stop> {
        let have = fs::metadata(download.part).map_or(0, |part| part.len());
        let response = self.get(download.address, have)?;
        let start = match response.status().as_u16() {
            200 => 0,
            206 if have > 0 && first_byte(&response) == Some(have) => have,
            // Nothing comes after what is there, or something else than was asked for: what is there must speak for itself.
            206 | 416 if have > 0 => return Ok(true),
            status => return Err(Reason::Status(status).into()),
        };
        let total = response.body().content_length().map(|rest| start.saturating_add(rest));
        if total.is_some_and(|total| total > download.most) {
            return Err(Reason::TooLong { most: download.most }.into());
        }
        let mut part = open(download.part, start).map_err(Stop::Disk)?;
        progress(start, total);
        let mut body = response.into_body().into_reader();
        let found = self.copy(&mut body, &mut part, start, download.most, &mut |found| progress(found, total))?;
        part.sync_all().map_err(Stop::Disk)?;
        match total {
            Some(expected) if found < expected => Err(Reason::CutShort { found, expected }.into()),
            _ => Ok(start > 0),
        }
    }

    fn get(&self, address: &str, have: u64) -> Result<Response<Body>, Reason> {
        let mut request = self.agent.get(address);
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        if is_this_machine(address) {
            // Whatever proxy leads out, this machine does not lie behind it.
            request = request.config().proxy(None).build();
        }
        request.call().map_err(|error| self.reason(error))
    }

    /// Copies until the body ends. Returns the length of the part; `start` is what it was.
    fn copy(
        &self,
        body: &mut impl Read,
        part: &mut File,
        start: u64,
        most: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, Stop> {
        let (mut found, mut bytes) = (start, vec![0; 1 << 16]);
        loop {
            let read = match body.read(&mut bytes) {
                Ok(0) => return Ok(found),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The caller sees that it is not all.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(found),
                Err(error) => return Err(self.reason(error.into()).into()),
            };
            found += read as u64;
            if found > most {
                return Err(Reason::TooLong { most }.into());
            }
            part.write_all(&bytes[..read]).map_err(Stop::Disk)?;
            progress(found);
        }
    }

    fn reason(&self, error: ureq::Error) -> Reason {
        let seconds = self.timeout.as_secs();
        match error {
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
                Reason::Connection(format!("no connection within {seconds} s"))
            }
            ureq::Error::Timeout(_) => Reason::Stalled { seconds },
            ureq::Error::TlsRequired => Reason::NoTls,
            ureq::Error::TooManyRedirects => Reason::Redirects(REDIRECTS),
            // "connection refused", without the number that each system has for it.
            ureq::Error::Io(error) if error.raw_os_error().is_some() => Reason::Connection(error.kind().to_string()),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Reason::Connection("the connection was closed before an answer came".into())
            }
            ureq::Error::Io(error) => Reason::Connection(one_line(&error)),
            error => Reason::Connection(one_line(&error)),
        }
    }
}

fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().replace('\n', " ")
}

/// The part, to be added to at `start`; from 0 whatever is there goes.
fn open(part: &Path, start: u64) -> io::Result<File> {
    if start == 0 { File::create(part) } else { OpenOptions::new().append(true).open(part) }
}

/// Where the part of a file begins that a server sends: `Content-Range: bytes FIRST-LAST/ALL`.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

fn is_this_machine(address: &str) -> bool {
    let authority = address.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}
