//! Reduces a picture of a page to 256 colours, which makes the file a third of its size.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes per pixel.
const POINT: usize = 3;

type Colour = [u8; POINT];

struct Picture {
    width: u32,
    height: u32,
    points: Vec<Colour>,
}

/// The same picture as a smaller file.
pub fn smaller(png: &[u8]) -> Vec<u8> {
    let picture = read(png);
    let palette = palette(&picture.points);
    let mut known: HashMap<Colour, u8> = HashMap::new();
    let mut lines = Vec::new();
    for line in picture.points.chunks(picture.width as usize) {
        // Each line starts with filter type 0: no filter.
        lines.push(0);
        for same in line.chunk_by(|one, next| one == next) {
            let place = known.entry(same[0]);
            let place = *place.or_insert_with_key(|colour| nearest(&palette, *colour));
            lines.resize(lines.len() + same.len(), place);
        }
    }
    let mut zip = ZlibEncoder::new(Vec::new(), Compression::best());
    zip.write_all(&lines).unwrap();
    let mut head = Vec::new();
    head.extend(picture.width.to_be_bytes());
    head.extend(picture.height.to_be_bytes());
    // Eight bits per pixel, the index of a colour in the palette.
    head.extend([8, 3, 0, 0, 0]);
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, *b"IHDR", &head);
    chunk(&mut out, *b"PLTE", palette.as_flattened());
    chunk(&mut out, *b"IDAT", &zip.finish().unwrap());
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) {
    let mut sum = flate2::Crc::new();
    sum.update(&kind);
    sum.update(body);
    out.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    out.extend(kind);
    out.extend(body);
    out.extend(sum.sum().to_be_bytes());
}

fn read(png: &[u8]) -> Picture {
    let mut rest = png.strip_prefix(SIGNATURE).expect("a PNG");
    let (mut head, mut zip) = (Vec::new(), Vec::new());
    while let Some((size, after)) = rest.split_first_chunk::<4>() {
        let size = u32::from_be_bytes(*size) as usize;
        let (kind, body) = (&after[..4], &after[4..4 + size]);
        match kind {
            b"IHDR" => head.extend_from_slice(body),
            b"IDAT" => zip.extend_from_slice(body),
            _ => {}
        }
        rest = &after[4 + size + 4..];
    }
    let number = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
    assert_eq!(head[8..], [8, 2, 0, 0, 0], "as Chromium makes it");
    let mut bytes = Vec::new();
    ZlibDecoder::new(zip.as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    let (width, height) = (number(0), number(4));
    Picture {
        width,
        height,
        points: points(&bytes, width as usize * POINT),
    }
}

/// Each line contains the differences to the pixels to the left and above, with one of five filters.
fn points(bytes: &[u8], wide: usize) -> Vec<Colour> {
    let mut all = Vec::with_capacity(bytes.len());
    let mut above = vec![0; wide];
    for line in bytes.chunks(wide + 1) {
        let (options, mut line) = (line[0], line[1..].to_vec());
        for at in 0..wide {
            let (left, corner) = match at.checked_sub(POINT) {
                Some(before) => (line[before], above[before]),
                None => (0, 0),
            };
            let guess = match options {
                0 => break,
                1 => left,
                2 => above[at],
                3 => left.midpoint(above[at]),
                _ => paeth(left, above[at], corner),
            };
            line[at] = line[at].wrapping_add(guess);
        }
        all.extend_from_slice(line.as_chunks::<POINT>().0);
        above = line;
    }
    all
}

/// The PNG filter Paeth: the neighbour closest to left + up - corner.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let away = |from: u8| (guess - i16::from(from)).abs();
    // The first one wins if several are equally close.
    let nearest = [left, up, corner]
        .into_iter()
        .min_by_key(|from| away(*from));
    nearest.unwrap_or(corner)
}

/// The most frequent colours.
fn palette(points: &[Colour]) -> Vec<Colour> {
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    // Most of a page consists of long runs of one colour.
    for same in points.chunk_by(|one, next| one == next) {
        *counts.entry(same[0]).or_default() += same.len();
    }
    let mut all: Vec<(Colour, usize)> = counts.into_iter().collect();
    all.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    all.truncate(256);
    all.into_iter().map(|(colour, _)| colour).collect()
}

fn nearest(palette: &[Colour], colour: Colour) -> u8 {
    let away = |own: &Colour| {
        let parts = own.iter().zip(colour);
        parts
            .map(|(own, other)| u32::from(own.abs_diff(other)).pow(2))
            .sum::<u32>()
    };
    let places = (0..=u8::MAX).zip(palette);
    let found = places.min_by_key(|(_, own)| away(own));
    found.map(|(place, _)| place).expect("a colour")
}
