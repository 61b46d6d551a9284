//! The encodings that were weighed for the journal, over the very entries the workload leads to. A format that is read
//! through serde is read into nothing (`IgnoredAny`), which costs less than reading it into events would: its decoding
//! figure is a lower bound.

use crate::figures::{Figures, Stopwatch, cpu_time};
use crate::workload::Workload;
use anyhow::{Result, ensure};
use fillwright_journal::codec;
use fillwright_kernel::{Event, Input, Kernel};
use serde::de::IgnoredAny;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::hint::black_box;

/// Encodes and decodes the entries of `intents` intents in every format.
pub fn run(intents: u64) -> Result<Figures> {
    let steps = steps(intents)?;
    let mut watch = Stopwatch::paused();
    watch.go_on();
    let cbor = measure(&steps, encode_cbor, |bytes| {
        black_box(codec::decode_events(bytes)?);
        Ok(())
    })?;
    watch.pause();
    let replayed = measure(&steps, encode_cbor, |bytes| {
        for fact in codec::facts(bytes)? {
            black_box(fact?);
        }
        Ok(())
    })?;
    let json = measure(&steps, encode_json, |bytes| {
        black_box(serde_json::from_slice::<IgnoredAny>(bytes)?);
        Ok(())
    })?;
    let messagepack = measure(&steps, encode_messagepack, |bytes| {
        black_box(rmp_serde::from_slice::<IgnoredAny>(bytes)?);
        Ok(())
    })?;
    let mut figures = watch.figures("codec", steps.len() as u64);
    for (name, row) in [
        ("cbor_numbered", cbor),
        ("cbor_numbered_replayed", replayed),
        ("json", json),
        ("messagepack_named", messagepack),
    ] {
        let row = json!({
            "bytes": row.bytes, "encode_ns": row.encode_ns, "decode_ns": row.decode_ns, "sha256_ns": row.sha256_ns,
        });
        figures.more.insert(name.into(), row);
    }
    Ok(figures)
}

fn encode_json(step: &Step) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(step)?)
}

fn encode_messagepack(step: &Step) -> Result<Vec<u8>> {
    Ok(rmp_serde::to_vec_named(step)?)
}

type Step = (Input, Vec<Event>);

struct Row {
    bytes: u64,
    encode_ns: u64,
    decode_ns: u64,
    sha256_ns: u64,
}

fn steps(intents: u64) -> Result<Vec<Step>> {
    let mut workload = Workload::new();
    let mut kernel = Kernel::new("main");
    for input in workload.opening()? {
        let _ = kernel.step(workload.now(), &input);
    }
    let block = workload.block(intents).into_iter();
    Ok(block
        .map(|(at, input)| (kernel.step(at, &input).events, input))
        .map(|(events, input)| (input, events))
        .collect())
}

#[allow(clippy::unnecessary_wraps, reason = "the others can fail")]
fn encode_cbor((input, events): &Step) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(1024);
    codec::encode_step(input, events, &mut bytes);
    Ok(bytes)
}

fn measure(
    steps: &[Step],
    encode: impl Fn(&Step) -> Result<Vec<u8>>,
    decode: impl Fn(&[u8]) -> Result<()>,
) -> Result<Row> {
    let start = cpu_time();
    let encoded = steps.iter().map(encode).collect::<Result<Vec<_>>>()?;
    let encoded_at = cpu_time();
    for bytes in &encoded {
        decode(bytes)?;
    }
    let decoded_at = cpu_time();
    for bytes in &encoded {
        black_box(Sha256::digest(bytes));
    }
    let hashed_at = cpu_time();
    let n = encoded.len() as u64;
    ensure!(n > 0, "no entries were encoded");
    let each = |from: std::time::Duration, to: std::time::Duration| {
        u64::try_from(to.saturating_sub(from).as_nanos()).unwrap_or(u64::MAX) / n
    };
    Ok(Row {
        bytes: encoded.iter().map(|bytes| bytes.len() as u64).sum::<u64>() / n,
        encode_ns: each(start, encoded_at),
        decode_ns: each(encoded_at, decoded_at),
        sha256_ns: each(decoded_at, hashed_at),
    })
}
