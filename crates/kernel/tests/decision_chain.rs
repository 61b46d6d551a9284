//! `docs/decision-chain.md` says what the kernel does: the same gates in the same order, in force or not, and every
//! reason it can give.

use fillwright_kernel::{Denial, Skip, gates};
use minicbor::{Decoder, Encoder};

const PAGE: &str = include_str!("../../../docs/decision-chain.md");

struct Row<'a> {
    number: usize,
    gate: &'a str,
    in_force: bool,
}

fn rows() -> Vec<Row<'static>> {
    let cells = PAGE.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let number = cells.get(1)?.parse().ok()?;
        Some(Row { number, gate: cells[2], in_force: cells[3] == "yes" })
    });
    cells.collect()
}

#[test]
fn the_page_lists_every_gate_in_the_order_in_which_they_judge() {
    let kernel: Vec<(String, bool)> = gates::order()
        .map(|(gate, in_force)| {
            let name = format!("{gate:?}");
            let snake = name.chars().enumerate().fold(String::new(), |snake, (at, c)| {
                let gap = if c.is_uppercase() && at > 0 { "_" } else { "" };
                format!("{snake}{gap}{}", c.to_lowercase())
            });
            (snake, in_force)
        })
        .collect();
    let page: Vec<(String, bool)> =
        rows().iter().map(|row| (row.gate.to_owned(), row.in_force)).collect();
    assert_eq!(page, kernel);
    assert!(
        rows().iter().enumerate().all(|(at, row)| row.number == at),
        "rows are numbered from 0 without gaps"
    );
}

#[test]
fn the_page_names_every_reason_the_kernel_can_give() {
    let mut named = 0;
    for denial in every::<Denial>() {
        assert!(PAGE.contains(denial.code()), "{} is not on the page", denial.code());
        named += 1;
    }
    for skip in every::<Skip>() {
        assert!(PAGE.contains(skip.code()), "{} is not on the page", skip.code());
        named += 1;
    }
    assert!(named >= 35, "only {named} reasons were found");
}

/// Every value of a closed set, by its wire codes; not all numbers are taken.
fn every<T: for<'b> minicbor::Decode<'b, ()>>() -> Vec<T> {
    const CODES: std::ops::Range<u32> = 0..1_000;
    let codes = CODES.filter_map(|code| {
        let mut bytes = Encoder::new(Vec::new());
        bytes.u32(code).expect("memory");
        Decoder::new(bytes.writer()).decode::<T>().ok()
    });
    codes.collect()
}
