//! An intent as it goes in: its content encoded and digested once, where it was made.
//!
//! The digest tells a repeated intent from another under the same name; the journal stores the encoded content as it is.
//! Both are made at the edge, on the thread of whoever sends, and never again on the one thread that decides.

use crate::{ContentDigest, Intent, Sink};
use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::{Serialize, Serializer};
use std::ops::Deref;

/// Fields of an intent that are its content: all but where it was read.
const FIELDS: u64 = 8;

/// An intent that can no longer be changed, with the encoding and the digest of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestedIntent {
    intent: Intent,
    content: Vec<u8>,
    digest: ContentDigest,
}

impl DigestedIntent {
    /// Encodes and digests what an intent says. Where it was read is not part of it.
    ///
    /// # Panics
    ///
    /// Never: writing to memory cannot fail.
    pub fn new(intent: Intent) -> Self {
        let mut content = Vec::with_capacity(256);
        let mut encoder = Encoder::new(Sink(&mut content));
        encode_content(&intent, &mut encoder).expect("writing to memory cannot fail");
        let digest = ContentDigest::of(&content);
        Self { intent, content, digest }
    }

    /// A digest of everything the intent says, so that the same id with other content is noticed.
    pub fn digest(&self) -> ContentDigest {
        self.digest
    }

    /// The intent, to change it and digest it anew.
    pub fn into_intent(self) -> Intent {
        self.intent
    }
}

impl From<Intent> for DigestedIntent {
    fn from(intent: Intent) -> Self {
        Self::new(intent)
    }
}

impl Deref for DigestedIntent {
    type Target = Intent;

    fn deref(&self) -> &Intent {
        &self.intent
    }
}

/// The fields before `origin`, in the order of their numbers, as `Intent` itself encodes them.
fn encode_content<W: minicbor::encode::Write>(
    intent: &Intent,
    e: &mut Encoder<W>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    let Intent { intent_id, strategy_id, book_id, instrument_id, .. } = intent;
    e.encode(intent_id)?.encode(strategy_id)?.encode(book_id)?.encode(instrument_id)?;
    e.encode(&intent.source_run)?.encode(&intent.ask)?.encode(intent.input_truncated)?.ok()
}

/// The bytes of the intent alone.
impl<C> Encode<C> for DigestedIntent {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(FIELDS)?
            .writer_mut()
            .write_all(&self.content)
            .map_err(minicbor::encode::Error::write)?;
        e.encode(&self.intent.origin)?.ok()
    }
}

/// Digested anew: what is stored is believed no further than its content.
impl<'b, C> Decode<'b, C> for DigestedIntent {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        Intent::decode(d, ctx).map(Self::new)
    }
}

impl Serialize for DigestedIntent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.intent.serialize(serializer)
    }
}
