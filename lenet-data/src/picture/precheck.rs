//! What the decoders of the `image` crate do not check: the sizes of a WebP file's chunks, how a TIFF file is compressed, and
//! whether a JPEG file is whole.

use std::borrow::Cow;

/// A WebP file whose chunks all lie within it, without animation: of an animation the first frame is left, as a file of its own.
///
/// The decoder allocates as many bytes as a chunk announces, up to 4 GB, and indexes past the end of its buffers if the two
/// parts of an animation's frame have different sizes. It checks the sizes of a still picture.
pub(super) fn webp(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let chunks = webp_chunks(bytes)?;
    let Some((_, frame)) = chunks.iter().find(|(name, _)| *name == *b"ANMF") else {
        return Ok(Cow::Borrowed(bytes));
    };
    // Position, size, duration and flags: 16 bytes. The chunks of a still picture follow.
    let (Some(size), Some(parts)) = (frame.get(6..12), frame.get(16..)) else {
        return Err("its first frame is cut short".into());
    };
    let parts = self::chunks(parts)?;
    let has_alpha = parts.iter().any(|(name, _)| matches!(name, b"ALPH" | b"VP8L"));
    // The header of a still picture: flags, three unused bytes, and the size, as the frame has it.
    let mut header = vec![if has_alpha { 0x10 } else { 0 }, 0, 0, 0];
    header.extend(size);
    let mut still = b"RIFF\0\0\0\0WEBP".to_vec();
    append(&mut still, *b"VP8X", &header);
    let wanted = |(name, _): &&Chunk<'_>| matches!(name, b"ALPH" | b"VP8 " | b"VP8L");
    for (name, content) in parts.iter().filter(wanted) {
        append(&mut still, *name, content);
    }
    let size = (still.len() - 8) as u32;
    still[4..8].copy_from_slice(&size.to_le_bytes());
    Ok(Cow::Owned(still))
}

/// Whether the lossless parts of a WebP file have more bytes than pixels of this number can fill.
///
/// The decoder keeps up to 65,536 groups of code tables, as many as the data say, even for a picture of one pixel. Their memory is
/// some 470 times the data: 16.6 MB that stood for 4x4 pixels took 7.7 GB. Encoders write no more than the pixels take raw, 4 bytes
/// each, and tables for a small picture.
pub(super) fn is_webp_too_long(bytes: &[u8], pixels: u64) -> bool {
    const TABLES: u64 = 64 << 10;
    let Ok(chunks) = webp_chunks(bytes) else { return true };
    let lossless = chunks.iter().filter(|(name, _)| matches!(name, b"VP8L" | b"ALPH"));
    lossless.map(|(_, content)| content.len() as u64).any(|length| length > 4 * pixels + TABLES)
}

/// The name of a chunk and its content.
type Chunk<'a> = ([u8; 4], &'a [u8]);

/// The chunks of a WebP file. The RIFF header says how long the file is; bytes after that are not read.
fn webp_chunks(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, String> {
    let size = bytes.get(4..8).and_then(|size| size.first_chunk()).map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let content = &bytes[..bytes.len().min(size.saturating_add(8))];
    chunks(content.get(12..).unwrap_or_default())
}

/// The chunks that fill `bytes`, each with its size before it and on an even address.
fn chunks(mut bytes: &[u8]) -> Result<Vec<Chunk<'_>>, String> {
    let mut chunks = Vec::new();
    while let Some((&[a, b, c, d, size @ ..], rest)) = bytes.split_first_chunk::<8>() {
        let size = u32::from_le_bytes(size) as usize;
        let content = rest.get(..size).ok_or("it ends within a chunk: the file is cut short")?;
        chunks.push(([a, b, c, d], content));
        bytes = rest.get(size + size % 2..).unwrap_or_default();
    }
    Ok(chunks)
}

fn append(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    file.extend(name);
    file.extend((content.len() as u32).to_le_bytes());
    file.extend(content);
    file.resize(file.len().next_multiple_of(2), 0);
}

/// Refuses JPEG files that lack their end. The decoder fills the missing part of the picture with grey.
///
/// A file is a row of segments, each a marker and a length. The compressed data after a start of scan have no length: they end with
/// the next marker that is neither a restart nor an escaped byte.
pub(super) fn jpeg(bytes: &[u8]) -> Result<(), String> {
    const START_OF_SCAN: u8 = 0xda;
    const END: u8 = 0xd9;
    let cut = || "it ends before the picture does: the file is cut short".to_owned();
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff);
    let mut at = 2;
    loop {
        // The decoder skips what stands before a marker, and any number of 0xff may.
        at += bytes.get(at..).ok_or_else(cut)?.windows(2).position(is_marker).ok_or_else(cut)? + 2;
        let marker = bytes[at - 1];
        match marker {
            END => return Ok(()),
            // Without a length: restarts, a start of image, and one that is reserved.
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let length = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or_else(cut)?;
        at += usize::from(u16::from_be_bytes(*length)).max(2);
        if marker == START_OF_SCAN {
            let data = bytes.get(at..).ok_or_else(cut)?;
            let ends = |pair: &[u8]| is_marker(pair) && !matches!(pair[1], 0xd0..=0xd7);
            at += data.windows(2).position(ends).ok_or_else(cut)?;
        }
    }
}

/// Refuses TIFF files that are compressed by a method whose decoder is not bounded by the size of the picture: JPEG, which
/// decodes a whole picture of any size for each strip.
pub(super) fn tiff(bytes: &[u8]) -> Result<(), String> {
    /// None, LZW, Deflate (two numbers), PackBits and CCITT T.6.
    const READ: [u16; 6] = [1, 4, 5, 8, 32773, 32946];
    const COMPRESSION: u16 = 259;
    const SHORT: u16 = 3;
    let big_endian = bytes.starts_with(b"MM");
    let u16_at = |at: usize| {
        let two = bytes.get(at..)?.first_chunk()?;
        Some(if big_endian { u16::from_be_bytes(*two) } else { u16::from_le_bytes(*two) })
    };
    let u32_at = |at: usize| {
        let four = bytes.get(at..)?.first_chunk()?;
        Some(if big_endian { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) } as usize)
    };
    let cut = "it ends within its directory: the file is cut short";
    let directory = u32_at(4).ok_or(cut)?;
    let entries = u16_at(directory).ok_or(cut)?;
    for entry in (0..usize::from(entries)).map(|entry| directory + 2 + 12 * entry) {
        // Tag, type, count, and the value, where it is short.
        if u16_at(entry).ok_or(cut)? == COMPRESSION {
            let method = u16_at(entry + 8).ok_or(cut)?;
            if u16_at(entry + 2) != Some(SHORT) || u32_at(entry + 4) != Some(1) || !READ.contains(&method) {
                return Err(format!("its compression, method {method}, is not read"));
            }
        }
    }
    Ok(())
}
