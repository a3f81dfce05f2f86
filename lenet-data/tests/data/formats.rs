//! Picture files of every format: read alike, and hostile ones refused in one line, without a panic.

use std::io::Cursor;

use image::{DynamicImage, ExtendedColorType, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use lenet_data::{Image, Picture, PictureError, prepare};

const FORMATS: [(ImageFormat, &str); 7] = [
    (ImageFormat::Png, "png"),
    (ImageFormat::Jpeg, "jpg"),
    (ImageFormat::WebP, "webp"),
    (ImageFormat::Bmp, "bmp"),
    (ImageFormat::Gif, "gif"),
    (ImageFormat::Tiff, "tiff"),
    (ImageFormat::Pnm, "ppm"),
];

/// White, with a black bar, 20 pixels by 30.
fn bar() -> RgbImage {
    RgbImage::from_fn(
        20,
        30,
        |x, y| if (8..12).contains(&x) && (5..25).contains(&y) { Rgb([0; 3]) } else { Rgb([255; 3]) },
    )
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(bar()).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The error of a file, of one line.
fn error(bytes: &[u8]) -> String {
    let error = Picture::decode("x", bytes).unwrap_err().to_string();
    assert!(error.starts_with("x: ") && error.lines().count() == 1 && error.len() < 400, "{error}");
    error
}

/// The file of a format, with bytes replaced.
fn with(format: ImageFormat, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = encoded(format);
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn every_format_is_read() {
    let expected: Vec<u8> = bar().pixels().map(|pixel| pixel[0]).collect();
    for (format, extension) in FORMATS {
        assert!(Picture::EXTENSIONS.contains(&extension));
        // The name does not matter.
        let picture = Picture::decode("x.txt", &encoded(format)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((picture.width(), picture.height()), (20, 30), "{extension}");
        let off = picture.pixels().iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(off <= if format == ImageFormat::Jpeg { 40 } else { 0 }, "{extension}: off by {off}");
    }
}

/// The decoder would fill the missing rows with grey, and a three is read as a seven.
#[test]
fn a_jpeg_file_without_its_end_is_refused() {
    let whole = encoded(ImageFormat::Jpeg);
    for length in 4..whole.len() {
        error(&whole[..length]);
    }
    assert!(error(&whole[..whole.len() - 2]).contains("cut short"));
    // Bytes after the end, as some cameras write them, do no harm; nor does a thumbnail, with an end of its own.
    Picture::decode("x", &[&whole[..], &[0xff, 0xff, 0, 1]].concat()).unwrap();
    let thumbnail = [&[0xff, 0xe1, 0, 6], &[0xff, 0xd8, 0xff, 0xd9][..]].concat();
    let with_thumbnail = [&whole[..2], &thumbnail, &whole[2..]].concat();
    Picture::decode("x", &with_thumbnail).unwrap();
    assert!(error(&with_thumbnail[..with_thumbnail.len() - 2]).contains("cut short"));
    // The decoder skips bytes between segments.
    Picture::decode("x", &[&with_thumbnail[..10], &[0, 7], &with_thumbnail[10..]].concat()).unwrap();
}

/// The header says how long a WebP file is.
#[test]
fn bytes_after_a_webp_file_do_no_harm() {
    let whole = encoded(ImageFormat::WebP);
    let picture = Picture::decode("x", &whole).unwrap();
    assert_eq!(Picture::decode("x", &[&whole[..], b"added by someone"].concat()).unwrap().pixels(), picture.pixels());
}

#[test]
fn files_that_are_cut_short_or_damaged_do_not_panic() {
    for (format, extension) in FORMATS {
        let file = encoded(format);
        for length in 0..file.len() {
            if let Err(error) = Picture::decode("x", &file[..length]) {
                assert_eq!(error.to_string().lines().count(), 1, "{extension}");
            }
        }
        error(&file[..12]);
        for at in 0..file.len().min(400) {
            for bit in [1, 0x80, 0xff] {
                let mut file = file.clone();
                file[at] ^= bit;
                let _ = Picture::decode("x", &file);
            }
        }
    }
}

/// Nothing is allocated for a size that only the header claims.
#[test]
fn headers_of_huge_pictures_are_refused() {
    let big = [0xff, 0xff];
    let refused = |bytes: &[u8], width: u32, height: u32| {
        let expected =
            format!("x: is {width}x{height}, more than 40 megapixels; scale it down, or cut it closer to the digits");
        assert_eq!(error(bytes), expected);
    };
    refused(&with(ImageFormat::Bmp, 18, &[0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0]), 65_535, 65_535);
    refused(&with(ImageFormat::Gif, 6, &[big, big].concat()), 65_535, 65_535);
    refused(b"P5 60000 60000 255\n", 60_000, 60_000);
    refused(b"P1 4000000000 4000000000\n1", 4_000_000_000, 4_000_000_000);
    refused(b"P7\nWIDTH 7000\nHEIGHT 7000\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n", 7000, 7000);
    // VP8L: 14 bits of width - 1, 14 of height - 1.
    refused(&with(ImageFormat::WebP, 21, &[0xfe, 0xbf, 0xff, 0x0f]), 16_383, 16_383);
    refused(&tiff(&[(256, 65_000), (257, 65_000), (278, 65_000)]), 65_000, 65_000);
}

/// A TIFF file of a grey pixel, with other values for some of its tags.
fn tiff(other: &[(u16, u32)]) -> Vec<u8> {
    let mut tags = vec![(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1)];
    for (tag, value) in other {
        match tags.iter_mut().find(|(known, _)| known == tag) {
            Some(known) => known.1 = *value,
            None => tags.push((*tag, *value)),
        }
    }
    // The header, the pixel, the directory.
    let mut file = b"II*\0\x0c\0\0\0\x80\0\0\0".to_vec();
    file.extend((tags.len() as u16).to_le_bytes());
    for (tag, value) in tags {
        // Widths, heights, offsets and lengths are LONG, the others SHORT.
        let long = matches!(tag, 256 | 257 | 273 | 278 | 279);
        file.extend([tag, if long { 4 } else { 3 }].map(u16::to_le_bytes).as_flattened());
        file.extend([1, value].map(u32::to_le_bytes).as_flattened());
    }
    file.extend([0; 4]);
    file
}

#[test]
fn tiff_files_of_other_kinds_say_so() {
    assert_eq!(Picture::decode("x", &tiff(&[])).unwrap().pixels(), [0x80]);
    let jpeg = error(&tiff(&[(259, 7)]));
    assert_eq!(
        jpeg,
        "x: is damaged or of a kind that is not read (its compression, method 7, is not read); save it again as PNG or JPEG"
    );
    // RGB, 32 bits each, floating point.
    let mut bytes = Cursor::new(Vec::new());
    let floats: Vec<u8> = [0.5_f32; 3].iter().flat_map(|level| level.to_ne_bytes()).collect();
    image::write_buffer_with_format(&mut bytes, &floats, 1, 1, ExtendedColorType::Rgb32F, ImageFormat::Tiff).unwrap();
    assert!(error(&bytes.into_inner()).contains("its pixels are floating-point numbers"));
    // 16 bits in three colours: 6 bytes a pixel, held twice, in 320 MB.
    let mut bytes = Cursor::new(Vec::new());
    image::write_buffer_with_format(&mut bytes, &[0; 6], 1, 1, ExtendedColorType::Rgb16, ImageFormat::Tiff).unwrap();
    let mut file = bytes.into_inner();
    assert!(Picture::decode("x", &file).is_ok());
    let directory = u32::from_le_bytes(*file[4..].first_chunk().unwrap()) as usize + 2;
    // Width, height and rows per strip.
    for (tag, value) in [(256_u16, 6_000_u32), (257, 5_000), (278, 5_000)] {
        let entry = file[directory..].chunks(12).position(|entry| entry.starts_with(&tag.to_le_bytes())).unwrap();
        file[directory + 12 * entry + 2..][..10]
            .copy_from_slice(&[&[4, 0, 1, 0, 0, 0][..], &value.to_le_bytes()].concat());
    }
    assert!(error(&file).contains("is 6000x5000, more than 26 megapixels"), "{}", error(&file));
}

/// A chunk of a WebP file.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = [&name[..], &(content.len() as u32).to_le_bytes(), content].concat();
    chunk.resize(chunk.len().next_multiple_of(2), 0);
    chunk
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let content = [&b"WEBP"[..], &chunks.concat()].concat();
    chunk(b"RIFF", &content)
}

/// An animation of two frames, the first of which has these chunks.
fn animation(width: u8, height: u8, first: &[u8]) -> Vec<u8> {
    let header = chunk(b"VP8X", &[0x12, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0]);
    let frame = |parts: &[u8]| {
        let place = [0, 0, 0, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0, 100, 0, 0, 0];
        chunk(b"ANMF", &[&place[..], parts].concat())
    };
    riff(&[header, chunk(b"ANIM", &[0; 6]), frame(first), frame(b"VP8L\x02\0\0\0  ")])
}

#[test]
fn of_an_animation_the_first_frame_is_read() {
    let still = encoded(ImageFormat::WebP);
    let picture = Picture::decode("x", &animation(20, 30, &still[12..])).unwrap();
    assert_eq!(picture, Picture::decode("x", &still).unwrap());
    // The size of the frame, and that of what is in it.
    error(&animation(20, 29, &still[12..]));
    error(&animation(200, 30, &still[12..]));

    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    let frame = |image: RgbImage| image::Frame::new(DynamicImage::ImageRgb8(image).into_rgba8());
    encoder.encode_frames([frame(bar()), frame(RgbImage::new(20, 30))]).unwrap();
    drop(encoder);
    assert_eq!(Picture::decode("x", &bytes).unwrap(), Picture::decode("x", &encoded(ImageFormat::Gif)).unwrap());
}

/// The decoder would allocate the 4 GB of a chunk that announces them.
#[test]
fn chunks_of_a_webp_file_end_within_it() {
    let still = encoded(ImageFormat::WebP);
    let header = chunk(b"VP8X", &[0x08, 0, 0, 0, 19, 0, 0, 29, 0, 0]);
    let mut file = riff(&[header, still[12..].to_vec(), b"EXIF\xf0\xff\xff\xff".to_vec()]);
    file[4..8].copy_from_slice(&[0xff; 4]);
    assert!(error(&file).contains("it ends within a chunk"), "{}", error(&file));
}

/// The decoder's memory grows with the data of a lossless file, not with its picture: 470 times as many bytes.
#[test]
fn a_webp_file_has_no_more_data_than_its_pixels_can_fill() {
    let still = encoded(ImageFormat::WebP);
    assert_eq!(&still[12..16], b"VP8L");
    // Nobody reads what is after the picture in its chunk. 20x30 pixels may have 4 bytes each, and 64 KB.
    let padded = |length: usize| {
        let mut content = still[20..].to_vec();
        content.resize(length, 0);
        content
    };
    let most = 4 * 20 * 30 + (64 << 10);
    let (fits, long) = (chunk(b"VP8L", &padded(most)), chunk(b"VP8L", &padded(most + 1)));
    assert_eq!(Picture::decode("x", &riff(&[fits])).unwrap(), Picture::decode("x", &still).unwrap());
    let long = riff(&[long]);
    // Bytes after the file change nothing.
    for file in [long.clone(), [&long[..], b"x\xff\xff\xff\xff\xff\xff\xff\xff"].concat()] {
        assert!(error(&file).contains("it has more data than its pixels can fill"), "{}", error(&file));
    }
    // Metadata may be long.
    let header = chunk(b"VP8X", &[0x04, 0, 0, 0, 19, 0, 0, 29, 0, 0]);
    let file = riff(&[header, still[12..].to_vec(), chunk(b"XMP ", &vec![0; 2 * most])]);
    assert_eq!(Picture::decode("x", &file).unwrap(), Picture::decode("x", &still).unwrap());
}

#[test]
fn what_is_no_picture_is_said_to_be_none() {
    for bytes in [&b"seven"[..], b"\0\0\x01\0\x01\0", b"qoif\0\0\0\x01", &[0; 100]] {
        assert!(matches!(Picture::decode("x", bytes), Err(PictureError::UnknownFormat { .. })));
        assert!(error(bytes).contains("is not a PNG, JPEG, WebP, BMP, GIF, TIFF or PNM picture"));
    }
}

/// A seven of one colour on paper of another, 90 pixels by 120, with noise of up to `noise` levels in each colour.
fn seven(ink: [u8; 3], paper: [u8; 3], noise: i32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(90, 120, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let bar = (30.0..60.0).contains(&x) && (35.0..41.0).contains(&y);
        let stem = (35.0..85.0).contains(&y) && (x - 57.0 + 0.35 * (y - 35.0)).abs() < 3.5;
        let colour = if bar || stem { ink } else { paper };
        Rgb(colour.map(|level| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let off = (state >> 16) as i32 % (2 * noise + 1) - noise;
            (i32::from(level) + off).clamp(0, 255) as u8
        }))
    })
}

fn read(image: &RgbImage, format: ImageFormat) -> Picture {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image.clone()).write_to(&mut bytes, format).unwrap();
    Picture::decode("x", bytes.get_ref()).unwrap()
}

/// Ink that is as bright as the paper is found by its colour.
#[test]
fn colours_of_the_same_brightness_are_told_apart() {
    let expected = prepare(&read(&seven([0; 3], [255; 3], 0), ImageFormat::Png)).unwrap().image;
    let (pink, blue) = ([255, 160, 190], [160, 188, 198]);
    let luma = |[r, g, b]: [u8; 3]| (2126 * u32::from(r) + 7152 * u32::from(g) + 722 * u32::from(b)) / 10_000;
    assert!(luma(pink).abs_diff(luma(blue)) <= 1);
    for (ink, paper) in [(pink, blue), (blue, pink), ([255, 250, 60], [255; 3]), ([250, 90, 90], [110, 140, 100])] {
        for (format, noise) in [(ImageFormat::Png, 0), (ImageFormat::Png, 6), (ImageFormat::Jpeg, 6)] {
            let found = prepare(&read(&seven(ink, paper, noise), format)).unwrap_or_else(|e| panic!("{ink:?}: {e}"));
            // Noise makes strokes a little thinner, and JPEG files keep colours at a lower resolution.
            let product = |a: &Image, b: &Image| -> f64 {
                a.as_flattened().iter().zip(b.as_flattened()).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
            };
            let alike = product(&found.image, &expected)
                / (product(&found.image, &found.image) * product(&expected, &expected)).sqrt();
            assert!(alike > 0.8, "{ink:?} on {paper:?}, {format:?}, noise {noise}: {alike:.3} alike");
            assert!(found.inverted);
        }
    }
}

/// Pixels in memory give the grey levels of a file with the same pixels, whatever their colours and opacity.
#[test]
fn colours_in_memory_are_read_as_those_of_a_file() {
    let transparent = |image: &RgbImage, opacity: fn(Rgb<u8>) -> u8| {
        RgbaImage::from_fn(image.width(), image.height(), |x, y| {
            let pixel @ Rgb([r, g, b]) = *image.get_pixel(x, y);
            Rgba([r, g, b, opacity(pixel)])
        })
    };
    let opaque = |_| 255;
    let by_red = |Rgb([red, ..])| red;
    let of_white = |Rgb(levels)| if levels == [255; 3] { 255 } else { 0 };
    let (grey, same_brightness) = (seven([20; 3], [240; 3], 6), seven([255, 160, 190], [160, 188, 198], 6));
    let white_strokes = seven([255; 3], [0; 3], 0);
    let noise = RgbImage::from_fn(61, 47, |x, y| Rgb([7, 11, 13].map(|k| (x * x * k + y * y * 3 + x * y) as u8)));
    for image in [
        transparent(&grey, opaque),
        transparent(&same_brightness, opaque),
        transparent(&same_brightness, by_red),
        transparent(&white_strokes, of_white),
        transparent(&noise, opaque),
        transparent(&noise, by_red),
    ] {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgba8(image.clone()).write_to(&mut bytes, ImageFormat::Png).unwrap();
        let of_file = Picture::decode("x", bytes.get_ref()).unwrap();
        let (width, height) = (image.width() as usize, image.height() as usize);
        assert_eq!(Picture::from_rgba(width, height, image.as_raw()).unwrap().pixels(), of_file.pixels());
    }
    for (width, height, bytes) in [(0, 5, 0), (5, 0, 0), (2, 2, 15), (2, 2, 17), (usize::MAX, 2, 16)] {
        assert!(Picture::from_rgba(width, height, &vec![9; bytes]).is_err(), "{width}x{height}, {bytes} bytes");
    }
}

/// A file without pixels is an error, in colours too.
#[test]
fn colour_files_without_pixels_are_refused() {
    for header in ["P6\n0 0\n255\n", "P6\n5 0\n255\n", "P6\n0 5\n255\n"] {
        error(header.as_bytes());
    }
}

/// Where brightness tells ink from paper, and where nothing does, the grey levels are those of the brightness.
#[test]
fn what_is_brighter_or_darker_keeps_its_brightness() {
    for (ink, paper) in
        [([0; 3], [255; 3]), ([20, 40, 160], [240, 235, 225]), ([200, 20, 20], [255; 3]), ([252; 3], [255, 252, 255])]
    {
        let image = seven(ink, paper, 3);
        let levels: Vec<u8> = DynamicImage::ImageRgb8(image.clone()).into_luma8().into_raw();
        let found = read(&image, ImageFormat::Png);
        // The two round differently.
        let alike = found.pixels().iter().zip(&levels).all(|(a, b)| a.abs_diff(*b) <= 1);
        assert!(alike, "{ink:?} on {paper:?}");
    }
    // Paper without ink, with noise in its colours.
    let paper = seven([200, 180, 190], [200, 180, 190], 25);
    assert!(matches!(prepare(&read(&paper, ImageFormat::Png)), Err(PictureError::NoInk)));
}
