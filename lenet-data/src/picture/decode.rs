//! Picture files as grey levels. A file is not to be trusted: its length and its size are bounded before anything is
//! allocated for them, and whatever it is, one error says so.

use std::{
    borrow::Cow,
    fs::File,
    io::Cursor,
    path::{Path, PathBuf},
};

use image::{
    ColorType, DynamicImage, GenericImageView, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits, Pixel,
    Primitive, metadata::Orientation,
};

use super::{Picture, PictureError, colour, precheck};
use crate::bounded::read_at_most;

/// More bytes are not read. An uncompressed picture of 22 megapixels in three colours has as many.
const MOST_BYTES: u64 = 64 << 20;

/// More megapixels are not decoded: with 8 bytes a pixel (16 bits, four channels) they take 320 MB.
const MOST_MEGAPIXELS: u64 = 40;

/// What the pixels of that many take at most. The decoder of TIFF files holds all of them twice.
const MOST_PIXEL_BYTES: u64 = 8 * MOST_MEGAPIXELS * 1_000_000;

/// What the decoder may allocate for itself, beside the pixels.
const DECODER_BYTES: u64 = 128 << 20;

impl Picture {
    /// The extensions of the files that [`Picture::open`] reads, in lower case. It looks at the content and not at the name; they
    /// are for picking the pictures of a folder.
    pub const EXTENSIONS: [&str; 13] =
        ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "pbm", "pgm", "ppm", "pnm", "pam"];

    /// Whether the name of `path` ends as one of [`Picture::EXTENSIONS`].
    ///
    /// ```
    /// use lenet_data::Picture;
    /// assert!(Picture::has_extension("scans/SEVEN.JPG".as_ref()));
    /// assert!(!Picture::has_extension("best.safetensors".as_ref()) && !Picture::has_extension("jpg".as_ref()));
    /// ```
    #[must_use]
    pub fn has_extension(path: &Path) -> bool {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        Self::EXTENSIONS.contains(&&*extension)
    }

    /// Reads a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM file. Its content tells the format, not its name.
    ///
    /// Colours become grey, by their brightness or, if ink and paper are equally bright, by how far they are from the paper's
    /// colour; transparent pixels show white, or black if the whole picture would be white; a photo is turned as its EXIF data
    /// say; 16 bits become 8; the first frame of an animation is taken. Of TIFF files, those with integers of 1, 8 or 16 bits as
    /// grey, RGB or CMYK are read, uncompressed or compressed by LZW, Deflate, PackBits or CCITT T.6.
    ///
    /// A hostile lossless WebP file can take much memory, because the decoder does not limit its code tables: 30 MB and 2 KB for each
    /// pixel, 8 GB at most. If files come from strangers and that is too much, limit the memory of the process or refuse WebP.
    ///
    /// # Errors
    /// If it can't be read, has more than 64 MB or more than 40 megapixels (fewer for TIFF files with more than 4 bytes per
    /// pixel), or is not a sound file of one of these formats.
    pub fn open(path: &Path) -> Result<Self, PictureError> {
        let read = |error| PictureError::Read { file: path.into(), error };
        if std::fs::metadata(path).map_err(read)?.is_dir() {
            return Err(PictureError::NotAFile { file: path.into() });
        }
        // A pipe or a device has no length to ask for: count what is read.
        let bytes = File::open(path).and_then(|file| read_at_most(file, MOST_BYTES)).map_err(read)?;
        let bytes = bytes.ok_or_else(|| PictureError::TooLong { file: path.into(), most: MOST_BYTES })?;
        Self::decode_from(path.into(), &bytes)
    }

    /// [`Picture::open`] for bytes that are in memory; `name` stands for the file in errors.
    ///
    /// ```
    /// use lenet_data::Picture;
    ///
    /// let error = Picture::decode("seven.png", b"seven").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "seven.png: is not a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM picture, whatever its name; save it as one of them",
    /// );
    /// ```
    ///
    /// # Errors
    /// As [`Picture::open`].
    pub fn decode(name: &str, bytes: &[u8]) -> Result<Self, PictureError> {
        Self::decode_from(name.into(), bytes)
    }

    fn decode_from(file: PathBuf, bytes: &[u8]) -> Result<Self, PictureError> {
        if bytes.is_empty() {
            return Err(PictureError::Empty { file });
        }
        if bytes.len() as u64 > MOST_BYTES {
            return Err(PictureError::TooLong { file, most: MOST_BYTES });
        }
        use ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};
        let format = match image::guess_format(bytes) {
            Ok(format @ (Png | Jpeg | WebP | Bmp | Gif | Tiff | Pnm)) => format,
            _ => return Err(PictureError::UnknownFormat { file }),
        };
        let damaged = |reason: String| {
            // Bytes of the file may be in the decoder's words: one line, and not a long one.
            let reason = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
            PictureError::Decode { file: file.clone(), reason }
        };
        let bytes = match format {
            WebP => precheck::webp(bytes).map_err(damaged)?,
            Jpeg => precheck::jpeg(bytes).map(|()| Cow::Borrowed(bytes)).map_err(damaged)?,
            Tiff => precheck::tiff(bytes).map(|()| Cow::Borrowed(bytes)).map_err(damaged)?,
            _ => Cow::Borrowed(bytes),
        };
        let mut decoder = ImageReader::with_format(Cursor::new(&bytes[..]), format)
            .into_decoder()
            .map_err(|error| damaged(error.to_string()))?;
        if matches!(decoder.color_type(), ColorType::Rgb32F | ColorType::Rgba32F) {
            return Err(damaged("its pixels are floating-point numbers".into()));
        }
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err(damaged("it has no pixels".into()));
        }
        let in_memory = if format == Tiff { 2 } else { 1 };
        let pixel_bytes = in_memory * u64::from(decoder.color_type().bytes_per_pixel());
        let most = MOST_MEGAPIXELS.min(MOST_PIXEL_BYTES / (1_000_000 * pixel_bytes));
        if u64::from(width) * u64::from(height) > most * 1_000_000 {
            return Err(PictureError::TooLarge { file, width, height, most: most as u32 });
        }
        if format == WebP && precheck::is_webp_too_long(&bytes, u64::from(width) * u64::from(height)) {
            return Err(damaged("it has more data than its pixels can fill".into()));
        }
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(decoder.total_bytes() + DECODER_BYTES);
        decoder.set_limits(limits).map_err(|error| damaged(error.to_string()))?;
        // Data that say nothing sensible about it are no reason not to show the picture as it is.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let colours = DynamicImage::from_decoder(decoder).map_err(|error| damaged(error.to_string()))?;
        let pixel = |x, y| colours.get_pixel(x, y).0;
        let by_colour = colours.color().has_color().then(|| colour::grey_by_colour(width, height, pixel)).flatten();
        let pixels =
            by_colour.or_else(|| grey(colours)).ok_or_else(|| damaged("its pixels are of an unknown type".into()))?;
        let Some(buffer) = ImageBuffer::from_raw(width, height, pixels) else {
            return Err(damaged("it has not as many pixels as it says".into()));
        };
        // Turned as grey levels, an eighth of what the colours may be.
        let mut turned = DynamicImage::ImageLuma8(buffer);
        turned.apply_orientation(orientation);
        let (width, height) = (turned.width() as usize, turned.height() as usize);
        Self::from_grey(width, height, turned.into_bytes())
    }
}

/// Any picture of integers, over white; over black if it is all white so.
fn grey(colours: DynamicImage) -> Option<Vec<u8>> {
    let over = |ground| {
        Some(match &colours {
            DynamicImage::ImageLuma8(buffer) => flat(buffer, ground),
            DynamicImage::ImageLumaA8(buffer) => flat(buffer, ground),
            DynamicImage::ImageRgb8(buffer) => flat(buffer, ground),
            DynamicImage::ImageRgba8(buffer) => flat(buffer, ground),
            DynamicImage::ImageLuma16(buffer) => flat(buffer, ground),
            DynamicImage::ImageLumaA16(buffer) => flat(buffer, ground),
            DynamicImage::ImageRgb16(buffer) => flat(buffer, ground),
            DynamicImage::ImageRgba16(buffer) => flat(buffer, ground),
            _ => return None,
        })
    };
    let pixels = over(1)?;
    // White strokes on a transparent ground: what drawing programs with a dark page write.
    if colours.color().has_alpha() && pixels.iter().all(|&p| p == 255) {
        drop(pixels);
        return over(0);
    }
    Some(pixels)
}

/// Colours as grey levels over a ground of black (0) or white (1).
fn flat<P>(buffer: &ImageBuffer<P, Vec<P::Subpixel>>, ground: u64) -> Vec<u8>
where
    P: Pixel,
    P::Subpixel: Into<u64>,
{
    let most: u64 = P::Subpixel::DEFAULT_MAX_VALUE.into();
    let level = |pixel: &P| {
        let [grey, alpha] = pixel.to_luma_alpha().0.map(Into::into);
        let over = grey * alpha + ground * most * (most - alpha);
        ((over * 255 + most * most / 2) / (most * most)) as u8
    };
    buffer.pixels().map(level).collect()
}
