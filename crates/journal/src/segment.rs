//! Names of segments and of the files being prepared to become one.

/// Returns the file name of the segment whose first entry is `first_seq`.
pub fn segment_name(first_seq: u64) -> String {
    format!("{first_seq:020}.seg")
}

/// Returns the first sequence number a segment's file name states.
pub fn first_seq_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    (digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

/// Returns the file name under which the segment with this index is prepared.
pub(crate) fn spare_name(index: u64) -> String {
    format!("spare-{index:020}")
}

/// Returns the index of the segment that a prepared file is to become.
pub(crate) fn spare_index_of(name: &str) -> Option<u64> {
    name.strip_prefix("spare-")?.parse().ok()
}

/// Picks the segments out of a folder's listing, in order.
pub(crate) fn segments_in(names: &[String]) -> Vec<u64> {
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| first_seq_of(name)).collect();
    firsts.sort_unstable();
    firsts
}
