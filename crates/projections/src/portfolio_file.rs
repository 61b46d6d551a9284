//! `portfolio_actual_state.json` as text that is changed in places: what is not ours stays byte for byte.
//!
//! `{KEY: {"assets": [ASSET…], "updated_at": ISO, "journal_seq": N}}`. The key is the book. `journal_seq`, which is
//! ours, is the last entry whose fills are in the book's weights; it is replaced together with them by one rename, so
//! no fill is counted twice whatever else is lost. Numbers are exact.

use fillwright_domain::{Decimal, InstrumentId, Ratio};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

/// A JSON object whose fields keep their order.
#[derive(Debug, Clone)]
pub(crate) struct Fields<V>(Vec<(String, V)>);

impl<V> Default for Fields<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Fields<V> {
    fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    fn set(&mut self, name: &str, value: V) {
        match self.0.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

impl<V: Serialize> Serialize for Fields<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Fields<Box<RawValue>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<Box<RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

/// The file.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct PortfolioFile {
    books: Fields<Part>,
}

/// A part that is as it was, or one that was taken apart.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Part {
    AsItWas(Box<RawValue>),
    Book(Fields<Part>),
    Assets(Vec<Box<RawValue>>),
}

impl PortfolioFile {
    /// Reads the file's text.
    pub(crate) fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        let books: Fields<Box<RawValue>> = serde_json::from_slice(text)?;
        Ok(Self { books: kept(books) })
    }

    pub(crate) fn book(&self, key: &str) -> Result<PortfolioBook, serde_json::Error> {
        let Some(Part::AsItWas(book)) = self.books.get(key) else {
            return Ok(PortfolioBook::default());
        };
        let fields: Fields<Box<RawValue>> = serde_json::from_str(book.get())?;
        let assets = fields.get("assets").map(|assets| serde_json::from_str(assets.get()));
        let seq = fields.get("journal_seq").map(|seq| serde_json::from_str(seq.get()));
        Ok(PortfolioBook {
            assets: assets.transpose()?.unwrap_or_default(),
            journal_seq: seq.transpose()?.unwrap_or_default(),
            fields,
        })
    }

    pub(crate) fn set_book(&mut self, key: &str, book: PortfolioBook, updated_at: &str) {
        let mut fields = kept(book.fields);
        fields.set("assets", Part::Assets(book.assets));
        fields.set("updated_at", Part::AsItWas(raw(&updated_at)));
        fields.set("journal_seq", Part::AsItWas(raw(&book.journal_seq)));
        self.books.set(key, Part::Book(fields));
    }

    /// The file's text.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("every part came from JSON");
        text.push(b'\n');
        text
    }
}

fn kept(fields: Fields<Box<RawValue>>) -> Fields<Part> {
    Fields(fields.0.into_iter().map(|(name, value)| (name, Part::AsItWas(value))).collect())
}

/// One book of the file.
#[derive(Debug, Default)]
pub(crate) struct PortfolioBook {
    fields: Fields<Box<RawValue>>,
    assets: Vec<Box<RawValue>>,
    /// The last entry whose fills are in the weights.
    pub(crate) journal_seq: u64,
}

/// What an asset becomes.
pub(crate) struct NewAsset<'a> {
    pub(crate) symbol: &'a InstrumentId,
    pub(crate) weight: Ratio,
    pub(crate) quantity: Decimal,
    pub(crate) price: Option<Decimal>,
    pub(crate) market: &'a str,
    pub(crate) description: &'a str,
}

/// The fields of an asset that are read.
#[derive(Deserialize)]
struct KnownFields<'a> {
    #[serde(rename = "Symbol", borrow)]
    symbol: std::borrow::Cow<'a, str>,
    #[serde(rename = "Weight", borrow, default)]
    weight: Option<&'a RawValue>,
}

impl PortfolioBook {
    fn place(&self, symbol: &InstrumentId) -> Result<Option<usize>, serde_json::Error> {
        for (place, asset) in self.assets.iter().enumerate() {
            let known: KnownFields = serde_json::from_str(asset.get())?;
            if known.symbol == symbol.as_str() {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// The weight of a symbol; zero where it has none.
    pub(crate) fn weight(&self, symbol: &InstrumentId) -> Result<Ratio, String> {
        let place = self.place(symbol).map_err(|error| error.to_string())?;
        let Some(place) = place else { return Ok(Ratio::ZERO) };
        let known: KnownFields =
            serde_json::from_str(self.assets[place].get()).map_err(|error| error.to_string())?;
        let Some(weight) = known.weight else { return Ok(Ratio::ZERO) };
        let parsed = Decimal::parse_json_number(weight.get());
        parsed
            .map(|parsed| Ratio::new(parsed.value))
            .map_err(|error| format!("the weight of {symbol} {error}, in `{}`", weight.get()))
    }

    /// Gives a symbol its new weight; a weight of zero takes it out.
    pub(crate) fn set(&mut self, new: &NewAsset) -> Result<(), serde_json::Error> {
        let place = self.place(new.symbol)?;
        if new.weight.is_zero() {
            place.map(|place| self.assets.remove(place));
            return Ok(());
        }
        match place {
            Some(place) => {
                let mut asset: Fields<Box<RawValue>> =
                    serde_json::from_str(self.assets[place].get())?;
                new.write(&mut asset);
                self.assets[place] = to_raw_value(&asset)?;
            }
            None => self.assets.push(to_raw_value(&new.asset())?),
        }
        Ok(())
    }
}

impl NewAsset<'_> {
    fn asset(&self) -> Fields<Box<RawValue>> {
        let mut asset = Fields::default();
        asset.set("Symbol", raw(&self.symbol.as_str()));
        asset.set("Weight", number(self.weight.get()));
        asset.set("Market", raw(&self.market));
        asset.set("Description", raw(&self.description));
        self.write(&mut asset);
        asset
    }

    fn write(&self, asset: &mut Fields<Box<RawValue>>) {
        asset.set("Weight", number(self.weight.get()));
        asset.set("Quantity", number(self.quantity));
        if let Some(price) = self.price {
            asset.set("Price", number(price));
        }
    }
}

fn raw(value: &impl Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("texts and numbers are JSON")
}

/// A JSON number of exactly this value.
fn number(value: Decimal) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("a decimal's text is a JSON number")
}
