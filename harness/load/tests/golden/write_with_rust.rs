// SPDX-License-Identifier: MIT
// Wrote rust-hdrhistogram.json: the samples of histogram_samples.hpp as the crate hdrhistogram 7
// encodes them. cargo add hdrhistogram@7 base64@0.22; with an argument FILE it instead reads what
// our encoder wrote (the output of tailrace_histogram_samples, one encoded text a line: count, then
// p50, p99, p99.9) and prints the same.
use base64::{engine::general_purpose::STANDARD, Engine};
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use hdrhistogram::Histogram;

fn encoded(lowest: u64, highest: u64, digits: u8, values: &[u64]) -> String {
    let mut histogram = Histogram::<u64>::new_with_bounds(lowest, highest, digits).unwrap();
    for value in values {
        histogram.record(*value).unwrap();
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(&histogram, &mut bytes)
        .unwrap();
    STANDARD.encode(bytes)
}

fn read_ours(path: &str) {
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let bytes = STANDARD.decode(line).unwrap();
        let h: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .unwrap();
        println!(
            "{} {} {} {}",
            h.len(),
            h.value_at_quantile(0.5),
            h.value_at_quantile(0.99),
            h.value_at_quantile(0.999)
        );
    }
}

fn main() {
    if let Some(path) = std::env::args().nth(1) {
        return read_ours(&path);
    }
    let mut x: u64 = 1;
    let mut draw = || {
        x = x
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        x
    };
    let near: Vec<u64> = (0..10000).map(|_| 20000 + (draw() >> 33) % 80000).collect();
    let wide: Vec<u64> = (0..10000)
        .map(|_| {
            let bits = draw() >> 23;
            (bits >> (draw() >> 59)) + 1
        })
        .collect();
    let mut heavy = vec![1000u64; 70000];
    heavy.extend([3_600_000_000_000, 1]);
    let hour = 3_600_000_000_000;
    println!("{{");
    println!("\"empty\": \"{}\",", encoded(1, hour, 3, &[]));
    println!("\"one\": \"{}\",", encoded(1, hour, 3, &[123456789]));
    println!("\"near\": \"{}\",", encoded(1, hour, 3, &near));
    println!("\"wide\": \"{}\",", encoded(1, hour, 3, &wide));
    println!("\"heavy\": \"{}\",", encoded(1, hour, 3, &heavy));
    println!(
        "\"coarse\": \"{}\"",
        encoded(
            1000,
            60_000_000_000,
            2,
            &[50_000, 7_000_000, 50_000_000_000]
        )
    );
    println!("}}");
}
