//! Intents from the difference between target portfolios and what the books hold.

use std::collections::{BTreeMap, BTreeSet};

use fillwright_domain::{
    Ask, BookId, InstrumentId, Intent, IntentId, Origin, Ratio, Rebalance, Text,
};

use crate::actual::{ActualBook, ActualState};
use crate::asset::Weight;
use crate::hash::derived_name;
use crate::portfolio::{Portfolio, TargetAsset, TargetBook};
use crate::refusal::{Refusal, RefusalKind};

/// What has to change, and what was left alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// One intent for each weight that differs: by book in the file's order, reductions before additions, then by
    /// symbol.
    pub intents: Vec<Intent>,
    /// Differences beyond the range of a decimal.
    pub refusals: Vec<Refusal>,
    /// Books that hold something and have no target at all. Nothing is asked for them: a book that left the file is
    /// for a person to wind down.
    pub untargeted_books: Vec<BookId>,
    /// Held instruments, by book, that are not traded because their target could not be read.
    pub withheld: Vec<(BookId, InstrumentId)>,
}

/// Compares target portfolios with what the books hold.
///
/// An instrument held and not in its book's target has the target 0. One whose row was refused is left alone, and so
/// is every missing one of a book with a row whose symbol could not be read. The ids are derived from book,
/// instrument, run, time of generation and both weights: the same file against the same state yields the same ids.
/// The origin is the file and book (`file#book`) and the row; row 0 says that there is none.
pub fn differences(portfolio: &Portfolio, actual: &ActualState) -> Differences {
    let mut all = Differences::default();
    let empty = ActualBook::new();
    for book in &portfolio.books {
        let held = actual.books.get(&book.book_id).unwrap_or(&empty);
        let mut changes = changes(book, held, &mut all.withheld);
        changes.sort_by_key(|change| (!change.is_reduction(), change.instrument_id));
        for change in changes {
            match change.intent(&portfolio.source, book) {
                Ok(intent) => all.intents.push(intent),
                Err(refusal) => all.refusals.push(refusal),
            }
        }
    }
    all.untargeted_books = untargeted(portfolio, actual);
    all
}

/// The books that hold something and are not in the portfolio.
fn untargeted(portfolio: &Portfolio, actual: &ActualState) -> Vec<BookId> {
    let targeted: BTreeSet<&BookId> = portfolio.books.iter().map(|book| &book.book_id).collect();
    let holds = |held: &ActualBook| held.values().any(|weight| !weight.value.is_zero());
    let left = actual.books.iter().filter(|(id, held)| holds(held) && !targeted.contains(id));
    left.map(|(id, _)| id.clone()).collect()
}

/// Two weights of one instrument that differ.
struct Change<'a> {
    instrument_id: &'a InstrumentId,
    asset: Option<&'a TargetAsset>,
    target: Weight,
    actual: Weight,
}

/// The changes of a book, in no particular order.
fn changes<'a>(
    book: &'a TargetBook,
    held: &'a ActualBook,
    withheld: &mut Vec<(BookId, InstrumentId)>,
) -> Vec<Change<'a>> {
    let targets: BTreeMap<&InstrumentId, &TargetAsset> =
        book.assets.iter().map(|asset| (&asset.instrument_id, asset)).collect();
    let asked = targets.iter().map(|(instrument_id, asset)| Change {
        instrument_id,
        asset: Some(asset),
        target: asset.weight,
        actual: held.get(*instrument_id).copied().unwrap_or_default(),
    });
    let missing = held.iter().filter(|(instrument_id, _)| !targets.contains_key(instrument_id));
    let (unknown, closed): (Vec<_>, Vec<_>) =
        missing.partition(|(id, _)| book.has_unnamed_row || book.withheld.contains(*id));
    withheld.extend(unknown.into_iter().map(|(id, _)| (book.book_id.clone(), id.clone())));
    let closed = closed.into_iter().map(|(instrument_id, actual)| Change {
        instrument_id,
        asset: None,
        target: Weight::default(),
        actual: *actual,
    });
    asked.chain(closed).filter(|change| change.target.value != change.actual.value).collect()
}

impl Change<'_> {
    /// Whether the book's exposure to the instrument becomes smaller, and capital is set free.
    fn is_reduction(&self) -> bool {
        let size = |weight: Weight| weight.value.get().mantissa().unsigned_abs();
        size(self.target) < size(self.actual)
    }

    fn intent(&self, file: &Text, book: &TargetBook) -> Result<Intent, Refusal> {
        let origin = Origin {
            source: Text::new(format!("{file}#{}", book.book_id)),
            line: self.asset.map_or(0, |asset| asset.row),
        };
        let weight_change = self.weight_change(&origin)?;
        let own_run = self.asset.and_then(|asset| asset.source_run.as_ref());
        let mut intent = Intent {
            intent_id: IntentId::default(),
            strategy_id: None,
            book_id: book.book_id.clone(),
            instrument_id: self.instrument_id.clone(),
            source_run: own_run.or(book.source_run.as_ref()).cloned(),
            ask: Ask::Rebalance(Box::new(self.rebalance(book, weight_change))),
            input_truncated: self.target.truncated || self.actual.truncated,
            origin,
        };
        intent.intent_id = self.intent_id(book, &intent);
        Ok(intent)
    }

    fn weight_change(&self, origin: &Origin) -> Result<Ratio, Refusal> {
        self.target.value.checked_sub(self.actual.value).map_err(|_| Refusal {
            source: origin.source.clone(),
            line: origin.line,
            column: None,
            field: Some(self.instrument_id.to_string()),
            kind: RefusalKind::ChangeOutOfRange,
        })
    }

    fn rebalance(&self, book: &TargetBook, weight_change: Ratio) -> Rebalance {
        Rebalance {
            weight_change,
            target_weight: self.target.value,
            regime: self.asset.and_then(|asset| asset.regime).or(book.regime),
            market: self.asset.map(|asset| asset.market.clone()).unwrap_or_default(),
            description: self.asset.map_or_else(
                || Text::new("not in the target portfolio"),
                |asset| asset.description.clone(),
            ),
        }
    }

    fn intent_id(&self, book: &TargetBook, intent: &Intent) -> IntentId {
        let run = intent.source_run.as_ref().map_or("", |run| run.as_str());
        let target = self.target.value.get().mantissa().to_be_bytes();
        let actual = self.actual.value.get().mantissa().to_be_bytes();
        let parts: [&[u8]; 6] = [
            book.book_id.as_str().as_bytes(),
            self.instrument_id.as_str().as_bytes(),
            book.generated_at.as_str().as_bytes(),
            run.as_bytes(),
            &target,
            &actual,
        ];
        IntentId::new(derived_name("portfolio-", &parts))
    }
}
