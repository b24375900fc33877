//! The picture, decoded.

use std::collections::BTreeSet;

use chart::PictureError;
use chart::scene::Scene;

use crate::scenes;

fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width, info.height, pixels)
}

#[test]
fn the_picture_has_its_size_and_every_part_in_its_colour() {
    let bytes = chart::png(&scenes::usual(), 1600, 1200).unwrap();
    assert!(bytes.len() < 1_000_000, "{} bytes", bytes.len());
    let (width, height, pixels) = decoded(&bytes);
    assert_eq!((width, height), (1600, 1200));
    let colours: BTreeSet<_> = pixels.chunks(3).map(|p| [p[0], p[1], p[2]]).collect();
    let inks = [
        ("text", [0x1b, 0x24, 0x2e]),
        ("equity", [0x25, 0x3f, 0x73]),
        ("gain", [0, 0x72, 0xb2]),
        ("loss", [0xd5, 0x5e, 0]),
        ("grid", [0xe4, 0xe8, 0xec]),
        ("down", [0x5c, 0x68, 0x75]),
    ];
    for (name, ink) in inks {
        assert!(colours.contains(&ink), "no {name}");
    }
    // Nothing runs over the edge.
    let white = |x: u32, y: u32| pixels[(y * width + x) as usize * 3..][..3] == [255; 3];
    assert!((0..width).all(|x| white(x, 0) && white(x, height - 1)));
    assert!((0..height).all(|y| white(0, y) && white(width - 1, y)));
    assert_eq!(chart::png(&scenes::usual(), 1600, 1200).unwrap(), bytes);
}

#[test]
fn sizes_that_can_t_be_drawn_are_refused_and_an_empty_scene_is_drawn() {
    for (width, height) in [(0, 0), (799, 1200), (1600, 100_000)] {
        let refused = chart::png(&Scene::default(), width, height);
        assert_eq!(refused, Err(PictureError::Size { width, height }));
    }
    for (width, height) in [(800, 600), (2400, 800)] {
        assert_eq!(decoded(&chart::png(&Scene::default(), width, height).unwrap()).0, width);
        assert_eq!(decoded(&chart::png(&scenes::usual(), width, height).unwrap()).1, height);
    }
}
