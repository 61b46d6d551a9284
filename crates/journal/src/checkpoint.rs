//! Signed checkpoints: small statements, outside the segments, of how long the chain was and what it ended in. They
//! make a cut-off tail noticed, which the segments alone cannot.
//!
//! The file `checkpoints` holds one JSON object a line. The signature is Ed25519 over `Checkpoint::statement`.

use std::io;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use fillwright_domain::hex;
use serde::{Deserialize, Serialize};

use crate::entry::Hash;
use crate::error::JournalError;
use crate::options::JournalOptions;
use crate::scan::Anchor;
use crate::storage::{Storage, StorageFile};

/// Name of the file that holds the checkpoints.
pub const CHECKPOINT_FILE: &str = "checkpoints";

const FORMAT: u32 = 1;

/// A statement that the chain of a partition ended in `head` at `seq`, and that this was durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the partition.
    pub partition: String,
    /// Sequence number of the entry it stands at.
    pub seq: u64,
    /// Logical time, nanoseconds UTC.
    pub at: i64,
    /// Hash of that entry.
    pub head: Hash,
    /// Public key that signed it; its own id.
    pub key: [u8; 32],
    /// The signature.
    pub signature: [u8; 64],
}

/// A checkpoint as a line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    format: u32,
    partition: String,
    seq: String,
    at: String,
    head: String,
    key: String,
    signature: String,
}

impl Checkpoint {
    fn sign(signer: &SigningKey, partition: &str, seq: u64, at: i64, head: Hash) -> Self {
        let key = signer.verifying_key().to_bytes();
        let signature = signer.sign(statement(partition, seq, at, &head).as_bytes()).to_bytes();
        Self { partition: partition.to_owned(), seq, at, head, key, signature }
    }

    /// Returns the text that is signed: five lines, each ended by a line feed.
    pub fn statement(&self) -> String {
        statement(&self.partition, self.seq, self.at, &self.head)
    }

    /// Returns the line of the file, line feed included.
    #[allow(clippy::missing_panics_doc)] // Strings and a number always encode.
    pub fn to_line(&self) -> String {
        let line = Line {
            format: FORMAT,
            partition: self.partition.clone(),
            seq: self.seq.to_string(),
            at: self.at.to_string(),
            head: hex::write(&self.head),
            key: hex::write(&self.key),
            signature: hex::write(&self.signature),
        };
        let mut text = serde_json::to_string(&line).expect("strings and a number always encode");
        text.push('\n');
        text
    }

    /// Reads a line and checks its signature against the key it names.
    ///
    /// # Errors
    ///
    /// A sentence saying what is wrong.
    pub fn from_line(text: &str) -> Result<Self, String> {
        let line: Line = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if line.format != FORMAT {
            return Err(format!("format {} is not known to this build", line.format));
        }
        let checkpoint = Self {
            seq: line.seq.parse().map_err(|_| "seq is not a number")?,
            at: line.at.parse().map_err(|_| "at is not a number")?,
            head: unhex(&line.head).ok_or("head is not 32 bytes of hex")?,
            key: unhex(&line.key).ok_or("key is not 32 bytes of hex")?,
            signature: unhex(&line.signature).ok_or("signature is not 64 bytes of hex")?,
            partition: line.partition,
        };
        checkpoint.verify()?;
        Ok(checkpoint)
    }

    fn verify(&self) -> Result<(), String> {
        let key = VerifyingKey::from_bytes(&self.key).map_err(|_| "key is not an Ed25519 key")?;
        let signature = Signature::from_bytes(&self.signature);
        let signed = key.verify_strict(self.statement().as_bytes(), &signature);
        signed.map_err(|_| "the signature does not match".to_owned())
    }
}

fn statement(partition: &str, seq: u64, at: i64, head: &Hash) -> String {
    format!("fillwright/checkpoint/1\n{partition}\n{seq}\n{at}\n{}\n", hex::write(head))
}

/// The checkpoints of a journal, all verified.
pub(crate) struct Checkpoints {
    pub(crate) all: Vec<Checkpoint>,
    /// The file up to the end of the last whole line.
    whole: Vec<u8>,
    /// Whether a line cut off by a crash stands behind them.
    torn: bool,
}

impl Checkpoints {
    /// Reads the file; a missing one is empty.
    pub(crate) fn read(
        storage: &dyn Storage,
        options: &JournalOptions,
    ) -> Result<Self, JournalError> {
        let mut whole = read_file(storage)?;
        let torn = drop_torn_line(&mut whole);
        let trusted = trusted_keys(options);
        let mut all = Vec::new();
        for (index, line) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let bad = |why| JournalError::BadCheckpoint { line: index + 1, why };
            all.push(read_line(line, options, &trusted).map_err(bad)?);
        }
        Ok(Self { all, whole, torn })
    }

    pub(crate) fn anchors(&self) -> impl Iterator<Item = Anchor> {
        self.all.iter().enumerate().map(|(index, checkpoint)| Anchor {
            seq: checkpoint.seq,
            head: checkpoint.head,
            name: format!("line {} of {CHECKPOINT_FILE}", index + 1),
        })
    }
}

/// Drops the last line if a crash left it short or with sectors still zero, and returns whether it did.
fn drop_torn_line(bytes: &mut Vec<u8>) -> bool {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let last = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let torn = last < bytes.len() && (bytes[last..].contains(&0) || !bytes.ends_with(b"\n"));
    if torn {
        bytes.truncate(last);
    }
    torn
}

fn read_line(
    line: &[u8],
    options: &JournalOptions,
    trusted: &[[u8; 32]],
) -> Result<Checkpoint, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let checkpoint = Checkpoint::from_line(text.trim_end())?;
    if checkpoint.partition != options.partition {
        return Err(format!("it belongs to partition {:?}", checkpoint.partition));
    }
    if !trusted.is_empty() && !trusted.contains(&checkpoint.key) {
        return Err(format!("its key {} is not trusted", hex::write(&checkpoint.key)));
    }
    Ok(checkpoint)
}

fn trusted_keys(options: &JournalOptions) -> Vec<[u8; 32]> {
    let own =
        options.signing_seed.map(|seed| SigningKey::from_bytes(&seed).verifying_key().to_bytes());
    options.trusted_keys.iter().copied().chain(own).collect()
}

fn read_file(storage: &dyn Storage) -> Result<Vec<u8>, JournalError> {
    let failed = |source| JournalError::Open { file: CHECKPOINT_FILE.to_owned(), source };
    match storage.open(CHECKPOINT_FILE) {
        Ok(file) => {
            let size =
                usize::try_from(file.size().map_err(failed)?).expect("checkpoints fit into memory");
            let mut bytes = vec![0; size];
            let read = file.read_at(&mut bytes, 0).map_err(failed)?;
            bytes.truncate(read);
            Ok(bytes)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(failed(source)),
    }
}

/// Signs checkpoints and appends them to the file.
pub(crate) struct CheckpointLog {
    partition: String,
    signer: Option<SigningKey>,
    every: u64,
    file: Option<Box<dyn StorageFile>>,
    len: u64,
    last_seq: u64,
}

impl CheckpointLog {
    /// Continues the file that `read` was read from, dropping a line that a crash cut off. On a full disk none is signed
    /// until the next start: a journal that can still take a halt must not refuse to open for want of a checkpoint.
    pub(crate) fn open(
        storage: &dyn Storage,
        options: &JournalOptions,
        read: &Checkpoints,
    ) -> Result<Self, JournalError> {
        let last_seq = read.all.iter().map(|checkpoint| checkpoint.seq).max().unwrap_or(0);
        let signer = options.signing_seed.map(|seed| SigningKey::from_bytes(&seed));
        let opened = signer.as_ref().map(|_| open_file(storage, read)).transpose();
        let (signer, file) = match opened {
            Ok(file) => (signer, file),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => (None, None),
            Err(source) => return Err(JournalError::WriteCheckpoint { seq: last_seq, source }),
        };
        let every = options.checkpoint_every.max(1);
        Ok(Self {
            partition: options.partition.clone(),
            signer,
            every,
            file,
            len: read.whole.len() as u64,
            last_seq,
        })
    }

    /// Returns whether one should be signed now; `rolled` says that a segment was started since the last commit.
    pub(crate) fn is_due(&self, seq: u64, rolled: bool) -> bool {
        self.signer.is_some()
            && seq > self.last_seq
            && (rolled || seq - self.last_seq >= self.every)
    }

    /// Signs a checkpoint at `seq` unless there is one, and makes it durable.
    pub(crate) fn write(
        &mut self,
        seq: u64,
        at: i64,
        head: Hash,
    ) -> Result<Checkpoint, JournalError> {
        let (Some(signer), Some(file)) = (&self.signer, &self.file) else {
            return Err(JournalError::NoSigningKey { seq });
        };
        let checkpoint = Checkpoint::sign(signer, &self.partition, seq, at, head);
        let line = checkpoint.to_line();
        let written = file.write_at(line.as_bytes(), self.len).and_then(|()| file.sync_data());
        written.map_err(|source| JournalError::WriteCheckpoint { seq, source })?;
        self.len += line.len() as u64;
        self.last_seq = seq;
        Ok(checkpoint)
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    pub(crate) fn has_key(&self) -> bool {
        self.signer.is_some()
    }
}

fn open_file(storage: &dyn Storage, read: &Checkpoints) -> io::Result<Box<dyn StorageFile>> {
    // A sync may have failed before the process ended: what can be read need not be on the disk, and syncing it again
    // would prove nothing. Writing it anew does.
    if read.torn || !read.whole.is_empty() {
        storage.replace(CHECKPOINT_FILE, &read.whole)?;
    }
    match storage.open(CHECKPOINT_FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => storage.create(CHECKPOINT_FILE, 0),
        opened => opened,
    }
}

/// Reads what `hex::write` wrote: a checkpoint has one spelling.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex::read(text.as_bytes()).filter(|_| lower)
}
