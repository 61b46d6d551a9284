//! Long soaks and the replay of one seed.
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: u64 = args[2].parse().unwrap();
    let from: u64 = args.get(3).map_or(0, |s| s.parse().unwrap());
    std::panic::set_hook(Box::new(|_| {}));
    match fillwright_sim::fleet::run_all(from..from+n, |s| fillwright_sim::lockstep::run(s, None), |a: &mut fillwright_sim::oracle::Tally, b| { a.steps += b.steps; a.intents += b.intents; a.duplicates += b.duplicates; a.orders += b.orders; a.fills += b.fills; a.denied+=b.denied; a.skipped+=b.skipped; a.reduced += b.reduced; a.conflicts += b.conflicts; a.ignored += b.ignored; a.kills += b.kills; a.rulebooks += b.rulebooks; }) {
        Ok(t) => println!("{t:?}"),
        Err(f) => println!("{}", fillwright_sim::fleet::report(&f)),
    }
}
