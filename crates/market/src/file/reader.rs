//! Reads an event file, block by block, with no memory of its own for an event.

use super::block::{Before, Decoder, Units};
use super::number::{Cursor, PADDING, Width};
use super::{
    BLOCK_HEADER_BYTES, BlockHeader, BlockKind, Damage, FILE_HEADER_BYTES, check_file_header,
    is_whole,
};
use crate::event::{Depth, MarketEvent};
use crate::refused::Refused;
use crate::source::{Listing, Listings, MarketError, Source};
use crate::zone::Zone;
use fillwright_domain::InstrumentId;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads an event file.
#[derive(Debug)]
pub struct FileReader<R> {
    from: R,
    path: PathBuf,
    listings: Listings,
    /// The payload of the block, padded.
    payload: Vec<u8>,
    /// How much of it is read.
    at: usize,
    payload_bytes: usize,
    /// Events of the block that are still to be read.
    left: u32,
    events: Events,
    spare: Depth,
    /// Where the block began, and its number.
    block_offset: u64,
    blocks: u32,
    offset: u64,
    events_before: u64,
    is_at_end: bool,
    refused: Refused,
}

/// The events of the block that is read, in their width.
#[derive(Debug)]
struct Events {
    is_wide: bool,
    narrow: Before<i64>,
    narrow_units: Units<i64>,
    wide: Before<i128>,
    wide_units: Units<i128>,
}

impl FileReader<File> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// `Open`, or `Damaged` where it is no event file.
    pub fn open(path: &Path) -> Result<Self, MarketError> {
        let file = File::open(path);
        let file = file.map_err(|source| MarketError::Open { path: path.to_owned(), source })?;
        Self::new(file, path)
    }
}

impl<R: Read> FileReader<R> {
    /// Reads from anything. The path is for messages only. Blocks are read whole, so nothing is gained by a buffer.
    ///
    /// # Errors
    ///
    /// `Damaged` where it does not begin as an event file does.
    pub fn new(from: R, path: &Path) -> Result<Self, MarketError> {
        let mut reader = Self {
            from,
            path: path.to_owned(),
            listings: Listings::default(),
            payload: Vec::new(),
            at: 0,
            payload_bytes: 0,
            left: 0,
            events: Events {
                is_wide: false,
                narrow: Before::new(),
                narrow_units: Units { px: 1, qty: 1, time_ns: 1 },
                wide: Before::new(),
                wide_units: Units { px: (), qty: (), time_ns: 1 },
            },
            spare: Depth::default(),
            block_offset: 0,
            blocks: 0,
            offset: 0,
            events_before: 0,
            is_at_end: false,
            refused: Refused::default(),
        };
        let mut header = [0; FILE_HEADER_BYTES];
        reader.fill(&mut header)?.then_some(()).ok_or(reader.damaged(Damage::NoEventFile))?;
        check_file_header(&header).map_err(|damage| reader.damaged(damage))?;
        Ok(reader)
    }

    /// Reads as many bytes as there is room for; `false` where the file ends before.
    fn fill(&mut self, into: &mut [u8]) -> Result<bool, MarketError> {
        match self.from.read_exact(into) {
            Ok(()) => {
                self.offset += into.len() as u64;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(source) => {
                let place = format!("{} behind byte {}", self.path.display(), self.offset);
                Err(MarketError::Read { place, source })
            }
        }
    }

    fn damaged(&self, damage: Damage) -> MarketError {
        MarketError::Damaged {
            path: self.path.clone(),
            block: u64::from(self.blocks),
            offset: self.block_offset,
            damage,
        }
    }

    /// Reads the next block, up to its first event.
    fn turn(&mut self) -> Result<(), MarketError> {
        self.block_offset = self.offset;
        self.blocks += 1;
        let mut bytes = [0; BLOCK_HEADER_BYTES];
        if !self.fill(&mut bytes)? {
            return Err(self.damaged(Damage::CutOff));
        }
        let header = BlockHeader::decode(&bytes).map_err(|damage| self.damaged(damage))?;
        self.load(header.payload_bytes as usize)?;
        if !is_whole(&bytes, &self.payload[..self.payload_bytes]) {
            return Err(self.damaged(Damage::Checksum));
        }
        if header.number != self.blocks || header.events_before != self.events_before {
            return Err(self.damaged(Damage::OutOfSequence));
        }
        self.begin(&header).map_err(|damage| self.damaged(damage))?;
        if self.is_at_end && !self.is_last()? {
            return Err(self.damaged(Damage::BehindEnd));
        }
        Ok(())
    }

    fn load(&mut self, bytes: usize) -> Result<(), MarketError> {
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        payload.resize(bytes + PADDING, 0);
        let is_there = self.fill(&mut payload[..bytes]);
        (self.payload, self.payload_bytes, self.at) = (payload, bytes, 0);
        if is_there? { Ok(()) } else { Err(self.damaged(Damage::CutOff)) }
    }

    fn begin(&mut self, header: &BlockHeader) -> Result<(), Damage> {
        let time_ns = 10_i64.checked_pow(header.time_zeros.into()).ok_or(Damage::Malformed)?;
        let (px, qty) = (header.px_decimals, header.qty_decimals);
        let instruments = self.listings.all().len();
        match header.kind {
            BlockKind::Listings => return self.list(header.count),
            BlockKind::Narrow => {
                self.events.is_wide = false;
                self.events.narrow.begin(header.base_ns, instruments);
                self.events.narrow_units =
                    Units { px: i64::unit(px)?, qty: i64::unit(qty)?, time_ns };
            }
            BlockKind::Wide => {
                self.events.is_wide = true;
                self.events.wide.begin(header.base_ns, instruments);
                i128::unit(px)?;
                i128::unit(qty)?;
                self.events.wide_units = Units { px: (), qty: (), time_ns };
            }
            BlockKind::End => {
                self.is_at_end = true;
                return if self.payload_bytes == 0 { Ok(()) } else { Err(Damage::Malformed) };
            }
        }
        self.left = header.count;
        self.events_before += u64::from(header.count);
        if self.left == 0 { Err(Damage::Malformed) } else { Ok(()) }
    }

    fn list(&mut self, count: u32) -> Result<(), Damage> {
        let mut cursor = Cursor::new(&self.payload, 0);
        for _ in 0..count {
            let instrument = InstrumentId::new(cursor.text()?);
            let zone = Zone::named(cursor.text()?).map_err(|_| Damage::Malformed)?;
            let next = self.listings.all().len();
            if self.listings.number(&instrument, &zone).index() != next {
                return Err(Damage::Malformed);
            }
        }
        if cursor.at() == self.payload_bytes { Ok(()) } else { Err(Damage::Malformed) }
    }

    fn is_last(&mut self) -> Result<bool, MarketError> {
        Ok(!self.fill(&mut [0])?)
    }

    #[inline]
    fn decode(&mut self, event: &mut MarketEvent) -> Result<(), Damage> {
        let cursor = Cursor::new(&self.payload, self.at);
        let (events, spare) = (&mut self.events, &mut self.spare);
        let at = if events.is_wide {
            let (units, before) = (events.wide_units, &mut events.wide);
            let mut decoder = Decoder { cursor, units, before, spare };
            decoder.event(event)?;
            decoder.cursor.at()
        } else {
            let (units, before) = (events.narrow_units, &mut events.narrow);
            let mut decoder = Decoder { cursor, units, before, spare };
            decoder.event(event)?;
            decoder.cursor.at()
        };
        self.at = at;
        self.left -= 1;
        let is_right =
            if self.left == 0 { at == self.payload_bytes } else { at < self.payload_bytes };
        if is_right { Ok(()) } else { Err(Damage::Malformed) }
    }
}

impl<R: Read> Source for FileReader<R> {
    fn listings(&self) -> &[Listing] {
        self.listings.all()
    }

    #[inline]
    fn read(&mut self, event: &mut MarketEvent) -> Result<bool, MarketError> {
        while self.left == 0 {
            if self.is_at_end {
                return Ok(false);
            }
            self.turn()?;
        }
        match self.decode(event) {
            Ok(()) => Ok(true),
            Err(damage) => Err(self.damaged(damage)),
        }
    }

    fn refused(&self) -> &Refused {
        &self.refused
    }

    fn bytes_taken(&self) -> u64 {
        self.offset
    }
}
